import { distil, type Distillation, distilTop } from "../../../kernels/webgpu/ops/distillation.ts";
import { crossEntropy as referenceEntropy, kullbackLeibler } from "../../../lib/model/reference_loss.ts";
import { tf } from "../../../lib/model/tensorflow.ts";
import {
  assertLosses,
  expectedOf,
  lossBuffers,
  padded,
  ROWS,
  STRIDE,
  targets,
  VOCABULARY,
} from "./loss_case.ts";
import { Bench } from "./support.ts";

for (const element of ["f32", "f16"] as const) {
  const shape = { element, rows: ROWS, vocabularySize: VOCABULARY, stride: STRIDE };

  for (
    const settings of [
      { temperature: 2, direction: "forward", crossEntropyShare: 0.25 },
      { temperature: 1.5, direction: "reverse", crossEntropyShare: 0 },
    ] satisfies Distillation[]
  ) {
    Deno.test(`distil() ${settings.direction} and its gradient equal tfjs (${element})`, async () => {
      using bench = await Bench.open(element);
      const logits = bench.random(ROWS * VOCABULARY, 2);
      const teacher = bench.random(ROWS * VOCABULARY, 2);
      const { temperature, direction, crossEntropyShare: share } = settings;
      const expected = expectedOf(logits, (x) =>
        referenceEntropy(x, targets()).mul(share).add(
          kullbackLeibler(x, tf.tensor(teacher, [ROWS, VOCABULARY]), temperature, direction).mul(1 - share),
        ));
      const buffers = lossBuffers(bench, logits);
      const withTeacher = { ...buffers, teacher: bench.buffer(padded(teacher), "f32") };
      bench.run(await distil(bench.device, "loss", shape, withTeacher, settings));
      await assertLosses(bench, buffers, expected);
    });
  }

  Deno.test(`distilTop() and its gradient equal tfjs (${element})`, async () => {
    using bench = await Bench.open(element);
    const k = 3;
    const logits = bench.random(ROWS * VOCABULARY, 2);
    const teacher = bench.random(ROWS * k);
    // Neighbours share a vector of four.
    const ids = Uint32Array.from({ length: ROWS * k }, (_, i) => 100 * Math.floor(i / k) + i % k);
    const settings = { temperature: 2, direction: "forward", crossEntropyShare: 0.5 } as const;
    const expected = expectedOf(logits, (x) =>
      referenceEntropy(x, targets()).add(
        kullbackLeibler(
          x,
          tf.tensor(teacher, [ROWS, k]),
          settings.temperature,
          "forward",
          tf.tensor(Int32Array.from(ids), [ROWS, k], "int32"),
        ),
      ).mul(0.5));
    const buffers = lossBuffers(bench, logits);
    const withTeacher = {
      ...buffers,
      teacher: { buffer: bench.buffer(teacher, "f32") },
      ids: { buffer: bench.buffer(ids) },
    };
    bench.run(await distilTop(bench.device, "loss", shape, withTeacher, settings, k));
    await assertLosses(bench, buffers, expected);
  });
}
