import { rotaryTable } from "../../../../kernels/wasm/memory/rotary_table.ts";
import { assertNear, at, derivatives, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

const [SEQUENCES, LENGTH, HEADS, HEAD_SIZE, THETA, EPSILON] = [2, 3, 2, 8, 100, 1e-5];
const ROWS = SEQUENCES * LENGTH;
const WIDTH = HEADS * HEAD_SIZE;
const SHAPE = {
  vocabularySize: 1,
  width: WIDTH,
  layers: 1,
  heads: 1,
  keyValueHeads: 1,
  headSize: HEAD_SIZE,
  feedForwardWidth: 4,
  ropeTheta: THETA,
  ropeScaling: null,
  normEpsilon: EPSILON,
  queryKeyNorm: "after rope" as const,
  tiedEmbeddings: true,
};

/** Pairs turned by position·θ^(−2i/headSize), then each head divided by its root mean square. */
function rotary(x: ArrayLike<number>, normalise: boolean): Float64Array {
  const turned = Float64Array.from({ length: ROWS * WIDTH }, (_, i) => {
    const angle = (Math.floor(i / WIDTH) % LENGTH) *
      THETA ** (-2 * Math.floor(i % HEAD_SIZE / 2) / HEAD_SIZE);
    return i % 2 === 0
      ? at(x, i) * Math.cos(angle) - at(x, i + 1) * Math.sin(angle)
      : at(x, i - 1) * Math.sin(angle) + at(x, i) * Math.cos(angle);
  });
  if (!normalise) return turned;
  return turned.map((value, i) => {
    const start = i - i % HEAD_SIZE;
    const squares = turned.subarray(start, start + HEAD_SIZE).reduce((sum, y) => sum + y * y, 0);
    return value / Math.sqrt(squares / HEAD_SIZE + EPSILON);
  });
}

for (const variant of VARIANTS) {
  for (const normalise of [true, false]) {
    const name = normalise ? "RoPE and QK-norm" : "RoPE";
    Deno.test(`rotaryForward() and rotaryBackward() equal ${name} and its derivatives (${variant})`, async () => {
      const memory = await KernelMemory.open(variant);
      const [x, dy] = [noise(1, ROWS * WIDTH), noise(2, ROWS * WIDTH)];
      const table = memory.place(rotaryTable(SHAPE, LENGTH));
      const r = normalise ? memory.place(ROWS * HEADS) : 0;
      const y = memory.place(x);
      memory.kernels.rotaryForward(y, 4 * WIDTH, ROWS, HEADS, HEAD_SIZE, table, 0, LENGTH, r, EPSILON);
      assertNear(memory.read(y, ROWS * WIDTH), rotary(x, normalise), 1e-6);

      const dx = memory.place(dy);
      const heads = [dx, y, 4 * WIDTH, ROWS, HEADS, HEAD_SIZE, table, 0, LENGTH, r, 4 * HEADS] as const;
      memory.kernels.rotaryBackward(...heads);
      const loss = (x: ArrayLike<number>) =>
        rotary(x, normalise).reduce((sum, value, i) => sum + value * at(dy, i), 0);
      assertNear(memory.read(dx, ROWS * WIDTH), derivatives(loss, x), 1e-5);
    });
  }
}
