import fc from "fast-check";
import assert from "node:assert/strict";
import { openDevice } from "../../../kernels/webgpu/device/open.ts";
import {
  KINDS,
  ParameterBuffers,
  parameterPlaces,
} from "../../../kernels/webgpu/plan/transformer_parameters.ts";
import { OutOfDeviceMemoryError } from "../../../kernels/webgpu/device/errors.ts";
import { type ModelConfig, parameterCount, parameterLayout } from "../../../lib/model/config.ts";
import { FUNCTIONS, SMALL_MODEL } from "../../backends/small_model.ts";

const configs = fc.record({
  vocabularySize: fc.integer({ min: 1, max: 60 }),
  layers: fc.integer({ min: 0, max: 4 }),
  width: fc.integer({ min: 1, max: 12 }).map((n) => 4 * n),
  feedForwardWidth: fc.integer({ min: 1, max: 12 }).map((n) => 4 * n),
  tiedEmbeddings: fc.boolean(),
}).chain((sizes) =>
  fc.constantFrom(...FUNCTIONS).map((chosen): ModelConfig => ({ ...SMALL_MODEL, ...sizes, ...chosen }))
);

Deno.test("parameterPlaces() puts every parameter into one place, aligned, within the limit and among its kind", () => {
  fc.assert(fc.property(configs, fc.integer({ min: 60, max: 400 }), (config, units) => {
    const limit = 128 * units;
    const places = parameterPlaces(config, limit);
    assert.ok(places.segments.every((count) => count <= limit && count % 128 === 0));
    const kinds = new Map(parameterLayout(config).map(({ offset, kind }) => [offset, kind]));
    let covered = 0;
    for (const { segment, offset, size, flat } of [...places.copies].sort((a, b) => a.flat - b.flat)) {
      assert.equal(flat, covered);
      assert.equal(offset % 128, 0);
      covered += size;
      const run = places.runs.find((run) =>
        run.segment === segment && run.offset <= offset && offset + size <= run.offset + run.size
      );
      assert.equal(KINDS[run?.kind ?? NaN], kinds.get(flat));
    }
    assert.equal(covered, parameterCount(config));
    const inRuns = places.runs.reduce((sum, { size }) => sum + size, 0);
    assert.equal(inRuns, places.segments.reduce((a, b) => a + b, 0));
  }));
});

Deno.test("parameterPlaces() refuses a matrix that no segment holds", () => {
  assert.throws(() => parameterPlaces(SMALL_MODEL, 128), OutOfDeviceMemoryError);
});

Deno.test("ParameterBuffers.read() gives back what write() took, times a factor", async () => {
  using device = await openDevice({ provider: "deno", tier: "f32" });
  const parameters = new ParameterBuffers(device, SMALL_MODEL);
  const values = Float32Array.from({ length: parameterCount(SMALL_MODEL) }, (_, i) => i);
  parameters.write("gradient", values);
  assert.deepEqual(await parameters.read("gradient"), values);
  assert.deepEqual(await parameters.read("gradient", 0.5), values.map((x) => 0.5 * x));
});
