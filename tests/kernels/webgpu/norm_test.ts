import { NORM_BLOCK, rmsNorm, rmsNormBackward } from "../../../kernels/webgpu/ops/norm.ts";
import { sumParts } from "../../../kernels/webgpu/ops/reduce.ts";
import { rootMeanSquareNorm } from "../../../lib/model/reference.ts";
import { tf } from "../../../lib/model/tensorflow.ts";
import { Bench } from "./support.ts";

const EPSILON = 1e-5;

for (const element of ["f32", "f16"] as const) {
  for (const [rows, width] of [[7, 12], [37, 1100]] as const) {
    Deno.test(`rmsNorm() and its gradient equal tfjs: ${rows} × ${width} (${element})`, async () => {
      using bench = await Bench.open(element);
      const shape = { element, rows, width, epsilon: EPSILON };
      const x = bench.random(rows * width, 2);
      const weight = bench.random(width);
      const dy = bench.random(rows * width);
      const residual = bench.random(rows * width);
      const blocks = Math.ceil(rows / NORM_BLOCK);
      const buffers = {
        x: bench.buffer(x),
        weight: { buffer: bench.buffer(weight, "f32") },
        dy: bench.buffer(dy),
        dx: bench.buffer(residual),
        parts: { buffer: bench.poisoned(blocks * width, "f32") },
        normed: bench.poisoned(rows * width),
      };
      const y = bench.poisoned(rows * width);
      const overwritten = bench.poisoned(rows * width);
      const dw = bench.buffer(new Float32Array(width).fill(1), "f32");
      bench.run(
        await rmsNorm(bench.device, "norm", shape, { ...buffers, y }),
        await rmsNormBackward(bench.device, "norm dx", shape, buffers, true),
        await rmsNormBackward(bench.device, "norm dx", shape, { ...buffers, dx: overwritten }, false),
        await sumParts(
          bench.device,
          "norm dW",
          { count: 1, blocks, width, partStride: blocks * width, stride: width },
          { parts: buffers.parts.buffer, target: { buffer: dw } },
        ),
      );
      const expected = tf.tidy(() => {
        const norm = (x: tf.Tensor, w: tf.Tensor) => rootMeanSquareNorm(x, EPSILON).mul(w);
        const inputs = [tf.tensor(x, [rows, width]), tf.tensor(weight)] as const;
        const [dx, dw] = tf.grads((...tensors) => norm(tensors[0] as tf.Tensor, tensors[1] as tf.Tensor))(
          [...inputs],
          tf.tensor(dy, [rows, width]),
        ) as [tf.Tensor, tf.Tensor];
        return {
          y: norm(...inputs).dataSync<"float32">(),
          dx: dx.dataSync<"float32">(),
          added: dx.add(tf.tensor(residual, [rows, width])).dataSync<"float32">(),
          dw: dw.add(1).dataSync<"float32">(),
        };
      });
      await bench.assertHolds(y, expected.y, "y");
      await bench.assertHolds(buffers.normed, expected.y, "y, recomputed");
      await bench.assertHolds(overwritten, expected.dx, "dx");
      await bench.assertHolds(buffers.dx, expected.added, "dx added to a residual");
      await bench.assertHolds(dw, expected.dw, "dw added to what was there", "f32");
    });
  }
}
