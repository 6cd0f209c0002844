/** One block of logits whose rows end within a vector, with what its losses should be. */
import { tf } from "../../../lib/model/tensorflow.ts";
import type { Bench } from "./support.ts";

export const [ROWS, VOCABULARY, STRIDE, SCALE] = [5, 1030, 1032, 4];
export const WEIGHTS = Float32Array.of(1, 0.5, 0, 1, 2);
export const TARGETS = Uint32Array.of(0, 1029, 7, 512, 3);

/** Rows `STRIDE` apart with poison between them. */
export function padded(values: Float32Array): Float32Array {
  const result = new Float32Array(ROWS * STRIDE).fill(NaN);
  for (let row = 0; row < ROWS; row++) {
    result.set(values.subarray(row * VOCABULARY, (row + 1) * VOCABULARY), row * STRIDE);
  }
  return result;
}

/** Loss of each row, and gradient of Σ weight · loss · scale. */
export function expectedOf(logits: Float32Array, lossesOf: (logits: tf.Tensor) => tf.Tensor) {
  return tf.tidy(() => {
    const x = tf.tensor(logits, [ROWS, VOCABULARY]);
    const losses = lossesOf(x).dataSync<"float32">().map((loss, row) => WEIGHTS[row] === 0 ? 0 : loss);
    const gradient = tf.grad((x) => lossesOf(x).mul(tf.tensor(WEIGHTS)).mul(SCALE))(x);
    return { losses, gradient: gradient.dataSync<"float32">() };
  });
}

export function lossBuffers(bench: Bench, logits: Float32Array) {
  return {
    logits: bench.buffer(padded(logits)),
    targets: { buffer: bench.buffer(TARGETS) },
    weights: { buffer: bench.buffer(WEIGHTS, "f32") },
    losses: { buffer: bench.poisoned(ROWS, "f32") },
    scale: bench.buffer(Float32Array.of(SCALE), "f32"),
  };
}

export async function assertLosses(
  bench: Bench,
  buffers: ReturnType<typeof lossBuffers>,
  expected: ReturnType<typeof expectedOf>,
) {
  await bench.assertHolds(buffers.losses.buffer, expected.losses, "losses", "f32", 1e-5);
  const stored = await bench.read(buffers.logits, ROWS * STRIDE);
  const gradient = stored.filter((_, i) => i % STRIDE < VOCABULARY);
  await bench.assertHolds(bench.buffer(gradient, "f32"), expected.gradient, "gradient", "f32");
}

/** The targets as a tensor. */
export const targets = () => tf.tensor(Int32Array.from(TARGETS), [ROWS], "int32");
