import { rotary, rotaryBackward, rotaryTable } from "../../../kernels/webgpu/ops/rotary.ts";
import { rootMeanSquareNorm, rotate } from "../../../lib/model/reference.ts";
import { ropeFrequencies } from "../../../lib/model/rope.ts";
import { tf } from "../../../lib/model/tensorflow.ts";
import { Bench } from "./support.ts";

const THETA = 1e4;

for (const element of ["f32", "f16"] as const) {
  for (const queryKeyEpsilon of [null, 1e-5]) {
    const name = `${queryKeyEpsilon === null ? "without" : "with"} QK-norm (${element})`;
    Deno.test(`rotary() and its gradient equal tfjs ${name}`, async () => {
      using bench = await Bench.open(element);
      const [B, T, H, K, d] = [2, 13, 4, 2, 12];
      const rows = B * T;
      const frequencies = ropeFrequencies({ headSize: d, ropeTheta: THETA, ropeScaling: null });
      const shape = {
        element,
        sequences: B,
        length: T,
        heads: H,
        keyValueHeads: K,
        headSize: d,
        queryKeyEpsilon,
      };
      const states = bench.random(rows * (H + 2 * K) * d);
      const parts = bench.random(rows * 3 * H * d);
      const buffers = {
        queryKeyValue: bench.buffer(states),
        factors: bench.poisoned(rows * (H + K), "f32"),
        table: bench.buffer(rotaryTable(frequencies, T), "f32"),
        parts: bench.buffer(parts),
        gradient: bench.poisoned(rows * (H + 2 * K) * d),
      };
      bench.run(
        await rotary(bench.device, "rotary", shape, buffers),
        await rotaryBackward(bench.device, "rotary dx", shape, buffers),
      );
      const expected = tf.tidy(() => {
        /** [rows × heads·d] → [B, heads, T, d] and back. */
        const apart = (x: tf.Tensor) => x.reshape([B, T, -1, d]).transpose([0, 2, 1, 3]);
        const together = (x: tf.Tensor) => x.transpose([0, 2, 1, 3]).reshape([rows, -1]);
        const placed = (x: tf.Tensor) => {
          const turned = rotate(apart(x.slice([0, 0], [rows, (H + K) * d])), frequencies);
          const normed = queryKeyEpsilon === null ? turned : rootMeanSquareNorm(turned, queryKeyEpsilon);
          return tf.concat([together(normed), x.slice([0, (H + K) * d], [rows, K * d])], 1);
        };
        const [queries, keys, values] = tf.split(tf.tensor(parts, [rows, 3 * H * d]), 3, 1) as tf.Tensor[];
        const grouped = (x: tf.Tensor | undefined) =>
          x?.reshape([rows, K, H / K, d]).sum(2).reshape([rows, K * d]) as tf.Tensor;
        const dy = tf.concat([queries as tf.Tensor, grouped(keys), grouped(values)], 1);
        const x = tf.tensor(states, [rows, (H + 2 * K) * d]);
        return {
          y: placed(x).dataSync<"float32">(),
          dx: tf.grad(placed)(x, dy).dataSync<"float32">(),
        };
      });
      await bench.assertHolds(buffers.queryKeyValue, expected.y, "y");
      await bench.assertHolds(buffers.gradient, expected.dx, "dx");
    });
  }
}
