import { swiglu, swigluBackward } from "../../../kernels/webgpu/ops/swiglu.ts";
import { tf } from "../../../lib/model/tensorflow.ts";
import { Bench } from "./support.ts";

for (const element of ["f32", "f16"] as const) {
  Deno.test(`swiglu() and its gradient equal tfjs (${element})`, async () => {
    using bench = await Bench.open(element);
    const [rows, width] = [9, 44];
    const shape = { element, rows, width };
    const gateUp = bench.random(rows * 2 * width, 3);
    const gradient = bench.random(rows * width);
    const buffers = { gateUp: bench.buffer(gateUp), activation: bench.poisoned(rows * width) };
    const backward = { gateUp: bench.buffer(gateUp), activation: bench.buffer(gradient) };
    bench.run(
      await swiglu(bench.device, "swiglu", shape, buffers),
      await swigluBackward(bench.device, "swiglu dx", shape, backward),
    );
    const expected = tf.tidy(() => {
      const gated = (x: tf.Tensor) => {
        const [gate, up] = tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor];
        return gate.mul(gate.sigmoid()).mul(up);
      };
      const x = tf.tensor(gateUp, [rows, 2 * width]);
      return {
        activation: gated(x).dataSync<"float32">(),
        dx: tf.grad(gated)(x, tf.tensor(gradient, [rows, width])).dataSync<"float32">(),
      };
    });
    await bench.assertHolds(buffers.activation, expected.activation, "activation");
    await bench.assertHolds(backward.activation, expected.activation, "activation, recomputed");
    await bench.assertHolds(backward.gateUp, expected.dx, "gradient");
  });
}
