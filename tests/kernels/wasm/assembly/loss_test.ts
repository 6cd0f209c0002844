import assert from "node:assert/strict";
import { assertNear, at, derivatives, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

/** Not a multiple of 4, so that rows have an end to care for. */
const [ROWS, VOCABULARY, SCALE, TEMPERATURE, SHARE] = [3, 11, 0.25, 1.7, 0.3];
const STRIDE = 16;
const TARGETS = [10, 0, 4];
const WEIGHTS = [1, 0, 0.5];
const IDS = [[3, 10], [1, 2], [0, 7]];

function logSoftmax(row: ArrayLike<number>, temperature = 1): Float64Array {
  const scaled = Float64Array.from(row, (x) => x / temperature);
  const sum = scaled.reduce((sum, x) => sum + Math.exp(x), 0);
  return scaled.map((x) => x - Math.log(sum));
}

/** Row `i` of matrix whose rows lie `stride` apart. */
function row(matrix: ArrayLike<number>, i: number, stride: number, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, j) => at(matrix, i * stride + j));
}

const crossEntropy = (z: ArrayLike<number>, i: number) => -at(logSoftmax(z), at(TARGETS, i));

/** τ²·KL between two log-distributions at temperature τ. */
const divergence = (from: Float64Array, to: Float64Array) =>
  TEMPERATURE ** 2 * from.reduce((sum, log, j) => sum + Math.exp(log) * (log - at(to, j)), 0);

type Loss = (z: ArrayLike<number>, i: number) => number;

function assertLosses(
  memory: KernelMemory,
  logits: Float32Array,
  address: number,
  losses: number,
  loss: Loss,
) {
  for (let i = 0; i < ROWS; i++) {
    const z = row(logits, i, STRIDE, VOCABULARY);
    const weight = at(WEIGHTS, i);
    assertNear([at(memory.read(losses, ROWS), i)], [weight === 0 ? 0 : loss(z, i)], 2e-6);
    const gradient = row(memory.read(address, ROWS * STRIDE), i, STRIDE, VOCABULARY);
    assertNear(gradient, derivatives((z) => weight * SCALE * loss(z, i), z), 1e-5);
  }
}

for (const variant of VARIANTS) {
  const setUp = async () => {
    const memory = await KernelMemory.open(variant);
    const logits = noise(1, ROWS * STRIDE).map((x) => 5 * x);
    const teacher = noise(2, ROWS * STRIDE).map((x) => 5 * x);
    const address = memory.place(logits);
    const losses = memory.place(ROWS);
    const goal = [memory.placeIntegers(TARGETS), memory.place(WEIGHTS), SCALE, losses] as const;
    return {
      memory,
      logits,
      teacher,
      address,
      losses,
      rows: [address, 4 * STRIDE, ROWS, VOCABULARY, ...goal] as const,
    };
  };

  Deno.test(`crossEntropy() equals −log softmax and its derivative (${variant})`, async () => {
    const { memory, logits, address, losses, rows } = await setUp();
    memory.kernels.crossEntropy(...rows, 0);
    const forwardOnly = memory.read(losses, ROWS).slice();
    memory.kernels.crossEntropy(...rows, 1);
    assertNear(forwardOnly, memory.read(losses, ROWS), 1e-6);
    assertLosses(memory, logits, address, losses, crossEntropy);
  });

  Deno.test(`crossEntropy() of a logit that is not a number is not a number (${variant})`, async () => {
    const { memory, address, losses, rows } = await setUp();
    memory.read(address + 8, 1)[0] = NaN;
    memory.kernels.crossEntropy(...rows, 1);
    assert.ok(Number.isNaN(at(memory.read(losses, ROWS), 0)));
  });

  for (const reverse of [false, true]) {
    Deno.test(`distil() equals the ${reverse ? "reverse" : "forward"} divergence (${variant})`, async () => {
      const { memory, logits, teacher, address, losses, rows } = await setUp();
      memory.kernels.distil(...rows, memory.place(teacher), 4 * STRIDE, TEMPERATURE, SHARE, reverse ? 1 : 0);
      assertLosses(memory, logits, address, losses, (z, i) => {
        const p = logSoftmax(row(teacher, i, STRIDE, VOCABULARY), TEMPERATURE);
        const q = logSoftmax(z, TEMPERATURE);
        return SHARE * crossEntropy(z, i) + (1 - SHARE) * (reverse ? divergence(q, p) : divergence(p, q));
      });
    });
  }

  Deno.test(`distilTop() renormalises the teacher over its ids (${variant})`, async () => {
    const { memory, logits, teacher, address, losses, rows } = await setUp();
    const k = 2;
    const ids = memory.placeIntegers(IDS.flat());
    memory.kernels.distilTop(
      ...rows,
      memory.place(teacher.subarray(0, ROWS * k)),
      ids,
      k,
      TEMPERATURE,
      SHARE,
    );
    assertLosses(memory, logits, address, losses, (z, i) => {
      const p = logSoftmax(row(teacher, i, k, k), TEMPERATURE);
      const q = logSoftmax(z, TEMPERATURE);
      const chosen = Float64Array.from(IDS[i] ?? [], (id) => at(q, id));
      return SHARE * crossEntropy(z, i) + (1 - SHARE) * divergence(p, chosen);
    });
  });
}
