import assert from "node:assert/strict";
import { crossEntropy } from "../../../kernels/webgpu/ops/head.ts";
import { crossEntropy as referenceEntropy } from "../../../lib/model/reference_loss.ts";
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

  Deno.test(`crossEntropy() and its gradient equal tfjs (${element})`, async () => {
    using bench = await Bench.open(element);
    const logits = bench.random(ROWS * VOCABULARY, 4);
    const expected = expectedOf(logits, (x) => referenceEntropy(x, targets()));
    const buffers = lossBuffers(bench, logits);
    bench.run(await crossEntropy(bench.device, "loss", shape, buffers, true));
    await assertLosses(bench, buffers, expected);
    const forward = lossBuffers(bench, logits);
    bench.run(await crossEntropy(bench.device, "loss", shape, forward, false));
    await bench.assertHolds(forward.losses.buffer, expected.losses, "losses alone", "f32", 1e-5);
    assert.deepEqual(await bench.read(forward.logits, ROWS * STRIDE), padded(logits));
  });
}
