import { assertNear, at, derivatives, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

/** Two heads from the second of four on: neighbours must stay as they are. */
const [ROWS, HEADS, FIRST, HEAD_SIZE, EPSILON] = [3, 2, 1, 8, 1e-5];
const STRIDE = 4 * HEAD_SIZE;
const normedCount = ROWS * HEADS * HEAD_SIZE;

/** The heads of each row [ROWS × HEADS × HEAD_SIZE]. */
function heads(rows: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: normedCount }, (_, i) => {
    const row = Math.floor(i / (HEADS * HEAD_SIZE));
    return at(rows, row * STRIDE + FIRST * HEAD_SIZE + i % (HEADS * HEAD_SIZE));
  });
}

/** y = x·(mean(x²) + ε)^−½∘w over each head. */
function norm(x: ArrayLike<number>, weight: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: normedCount }, (_, i) => {
    const start = i - i % HEAD_SIZE;
    let squares = 0;
    for (let j = start; j < start + HEAD_SIZE; j++) squares += at(x, j) ** 2;
    return at(x, i) * at(weight, i % HEAD_SIZE) / Math.sqrt(squares / HEAD_SIZE + EPSILON);
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * at(b, i), 0);
}

for (const variant of VARIANTS) {
  Deno.test(`headNormForward() and headNormBackward() equal the definition and its derivatives (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const { kernels } = memory;
    const [rows, gradients, weight] = [noise(1, ROWS * STRIDE), noise(2, ROWS * STRIDE), noise(3, HEAD_SIZE)];
    const [x, dy] = [heads(rows), heads(gradients)];
    const [rowsAt, weightAt] = [memory.place(rows), memory.place(weight)];
    const [normed, reciprocals] = [memory.place(normedCount), memory.place(ROWS * HEADS)];
    const first = 4 * FIRST * HEAD_SIZE;
    const shape = [4 * STRIDE, ROWS, HEADS, HEAD_SIZE, weightAt] as const;
    const kept = [normed, 4 * HEADS * HEAD_SIZE, reciprocals, 4 * HEADS] as const;
    kernels.headNormForward(rowsAt + first, ...shape, ...kept, EPSILON);
    const after = memory.read(rowsAt, ROWS * STRIDE);
    assertNear(heads(after), norm(x, weight), 1e-6);
    assertNear(memory.read(normed, normedCount), norm(x, new Float32Array(HEAD_SIZE).fill(1)), 1e-6);

    const [gradientsAt, part] = [memory.place(gradients), memory.place(HEAD_SIZE)];
    kernels.headNormBackward(gradientsAt + first, ...shape, ...kept, part);
    const dx = memory.read(gradientsAt, ROWS * STRIDE);
    assertNear(heads(dx), derivatives((x) => dot(norm(x, weight), dy), x), 1e-5);
    assertNear(memory.read(part, HEAD_SIZE), derivatives((w) => dot(norm(x, w), dy), weight), 1e-5);
    for (const [now, before] of [[after, rows], [dx, gradients]] as const) {
      const others = (values: Float32Array) =>
        values.filter((_, i) => i % STRIDE < HEAD_SIZE || i % STRIDE >= 3 * HEAD_SIZE);
      assertNear(others(now), others(before), 0);
    }
    memory.assertUntouchedBehind(normed, normedCount);
    memory.assertUntouchedBehind(part, HEAD_SIZE);
  });
}
