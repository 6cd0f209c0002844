/** Whole passes of influence at the level of plans: what does not depend on the batch's size must not. */
import assert from "node:assert/strict";
import { InfluenceBench } from "../../../kernels/bench/gpu_influence_run.ts";
import { family, randomTokens } from "../../../kernels/bench/step_run.ts";
import type { Device } from "../../../kernels/webgpu/device/device.ts";
import { openDevice } from "../../../kernels/webgpu/device/open.ts";
import { OutOfDeviceMemoryError } from "../../../kernels/webgpu/device/errors.ts";
import { assertClose } from "./support.ts";

const SHAPE = family(1, 1, 1, 64, 64, 331);
const BATCH = { sequences: 3, length: 64 };

/** The same device, as if its bindings held less: activations then hold the logits of fewer rows. */
function withSmallBindings(device: Device, bytes: number): Device {
  const overriding = <T extends object>(target: T, name: string, override: unknown): T =>
    new Proxy(target, {
      get(target, key) {
        if (key === name) return override;
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const limits = overriding(device.gpu.limits, "maxStorageBufferBindingSize", bytes);
  return overriding(device, "gpu", overriding(device.gpu, "limits", limits));
}

async function resultsOn(device: Device) {
  const bench = await InfluenceBench.create(device, SHAPE, BATCH, 1);
  const tokens = [1, 2].map((seed) => randomTokens(3 * 64, SHAPE.vocabularySize, seed));
  bench.write(...tokens as [Uint32Array, Uint32Array], true);
  bench.writeCoefficients([1, -2, 3]);
  bench.clear();
  await bench.run("sums", await bench.plan("sums"));
  const sum = await bench.readSum(0);
  bench.fillVectors();
  return { blocks: bench.plans.activations.blocks(), sum, results: (await bench.products()).flat() };
}

Deno.test("influence takes the head in blocks of whole sequences, with the same results", async () => {
  using device = await openDevice({ provider: "deno", tier: "f32" });
  const [whole, parts] = [
    await resultsOn(device),
    await resultsOn(withSmallBindings(device, 4 * 336 * 64)),
  ];
  assert.deepEqual(whole.blocks, [{ first: 0, count: 192 }]);
  assert.deepEqual(parts.blocks, [0, 64, 128].map((first) => ({ first, count: 64 })));
  assertClose(parts.sum, whole.sum, "sum", 1e-6);
  whole.results.forEach((expected, i) =>
    assertClose(
      Float32Array.from(parts.results[i] ?? []),
      Float32Array.from(expected),
      `results ${i}`,
      1e-5,
    )
  );
});

Deno.test("influence says when a sequence's logits are more than a binding holds", async () => {
  using device = await openDevice({ provider: "deno", tier: "f32" });
  await assert.rejects(
    resultsOn(withSmallBindings(device, 4 * 332 * 64)),
    (error) =>
      error instanceof OutOfDeviceMemoryError &&
      /^The logits of 64 tokens, whole sequences of 64, are more than the 84992 bytes/.test(error.message),
  );
});

Deno.test("a vector of influence takes 4 bytes a parameter", async () => {
  using device = await openDevice({ provider: "deno", tier: "f32" });
  const bench = await InfluenceBench.create(device, SHAPE, BATCH, 1);
  const before = device.allocatedBytes;
  await bench.model.vectors(3);
  const { segments } = bench.model.parameters.places;
  const [elements = NaN] = segments;
  const scales = 4 * 64 * 5;
  assert.equal(segments.length, 1);
  assert.equal(device.allocatedBytes - before, 2 * (4 * elements + scales));
});
