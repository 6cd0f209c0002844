import {
  HEAD_NORM_BLOCK,
  headNorm,
  headNormBackward,
  type HeadNormShape,
} from "../../../kernels/webgpu/ops/head_norm.ts";
import { sumParts } from "../../../kernels/webgpu/ops/reduce.ts";
import { rootMeanSquareNorm } from "../../../lib/model/reference.ts";
import { tf } from "../../../lib/model/tensorflow.ts";
import { Bench } from "./support.ts";

const EPSILON = 1e-5;

const SIZES = [
  { sequences: 2, length: 13, heads: 4, keyValueHeads: 2, headSize: 12 },
  { sequences: 1, length: 37, heads: 3, keyValueHeads: 1, headSize: 128 },
];

for (const element of ["f32", "f16"] as const) {
  for (const sizes of SIZES) {
    const { sequences, length, heads: H, keyValueHeads: K, headSize: d } = sizes;
    Deno.test(`headNorm() and its gradient equal tfjs: ${sequences * length} × (${H} + ${K}) × ${d} (${element})`, async () => {
      using bench = await Bench.open(element);
      const shape: HeadNormShape = { element, ...sizes, epsilon: EPSILON };
      const rows = sequences * length;
      const all = (H + 2 * K) * d;
      const states = bench.random(rows * all, 2);
      const dy = bench.random(rows * all);
      const weights = bench.random(2 * d);
      const blocks = Math.ceil(rows / HEAD_NORM_BLOCK);
      const buffers = {
        queryKeyValue: bench.buffer(states),
        unnormed: bench.poisoned(rows * (H + K) * d),
        weights: { buffer: bench.buffer(weights, "f32") },
        gradient: bench.buffer(dy),
        parts: { buffer: bench.poisoned(blocks * 2 * d, "f32") },
      };
      const dw = bench.buffer(new Float32Array(2 * d).fill(1), "f32");
      bench.run(
        await headNorm(bench.device, "norm", shape, buffers),
        await headNormBackward(bench.device, "norm dx", shape, buffers),
        await sumParts(
          bench.device,
          "norm dW",
          { count: 1, blocks, width: 2 * d, partStride: blocks * 2 * d, stride: 2 * d },
          { parts: buffers.parts.buffer, target: { buffer: dw } },
        ),
      );
      const expected = tf.tidy(() => {
        const normed = (x: tf.Tensor, w: tf.Tensor) => {
          const parts = tf.split(x.reshape([rows, H + 2 * K, d]), [H, K, K], 1);
          const [query, key, value] = parts as [tf.Tensor, tf.Tensor, tf.Tensor];
          const norm = (heads: tf.Tensor, own: number) =>
            rootMeanSquareNorm(heads, EPSILON).mul(w.slice([own * d], [d]));
          return tf.concat([norm(query, 0), norm(key, 1), value], 1).reshape([rows, all]);
        };
        const inputs = [tf.tensor(states, [rows, all]), tf.tensor(weights)] as const;
        const [dx, dw] = tf.grads((...tensors) => normed(tensors[0] as tf.Tensor, tensors[1] as tf.Tensor))([
          ...inputs,
        ], tf.tensor(dy, [rows, all])) as [tf.Tensor, tf.Tensor];
        return {
          y: normed(...inputs).dataSync<"float32">(),
          dx: dx.dataSync<"float32">(),
          dw: dw.add(1).dataSync<"float32">(),
        };
      });
      await bench.assertHolds(buffers.queryKeyValue, expected.y, "y");
      await bench.assertHolds(buffers.gradient, expected.dx, "dx");
      await bench.assertHolds(dw, expected.dw, "dw added to what was there", "f32");
    });
  }
}
