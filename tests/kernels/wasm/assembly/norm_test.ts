import { assertNear, at, derivatives, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

const [ROWS, WIDTH, EPSILON] = [3, 12, 1e-5];

/** y = x·(mean(x²) + ε)^−½∘w, [ROWS × WIDTH]. */
function norm(x: ArrayLike<number>, weight: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: ROWS * WIDTH }, (_, i) => {
    const start = i - i % WIDTH;
    let squares = 0;
    for (let j = start; j < start + WIDTH; j++) squares += at(x, j) ** 2;
    return at(x, i) * at(weight, i % WIDTH) / Math.sqrt(squares / WIDTH + EPSILON);
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * at(b, i), 0);
}

for (const variant of VARIANTS) {
  Deno.test(`rmsNormForward() and rmsNormBackward() equal the definition and its derivatives (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    const [x, weight, dy, base] = [
      noise(1, ROWS * WIDTH),
      noise(2, WIDTH),
      noise(3, ROWS * WIDTH),
      noise(4, ROWS * WIDTH),
    ];
    const [xAt, weightAt, r] = [memory.place(x), memory.place(weight), memory.place(ROWS)];
    const y = memory.place(ROWS * WIDTH);
    kernels.rmsNormForward(xAt, weightAt, y, r, ROWS, WIDTH, EPSILON);
    assertNear(memory.read(y, ROWS * WIDTH), norm(x, weight), 1e-6);

    const [dx, part] = [memory.place(ROWS * WIDTH), memory.place(WIDTH)];
    kernels.rmsNormBackward(memory.place(dy), xAt, weightAt, r, memory.place(base), dx, part, ROWS, WIDTH);
    const expected = derivatives((x) => dot(norm(x, weight), dy), x).map((value, i) => value + at(base, i));
    assertNear(memory.read(dx, ROWS * WIDTH), expected, 1e-5);
    assertNear(memory.read(part, WIDTH), derivatives((w) => dot(norm(x, w), dy), weight), 1e-5);
  });
}
