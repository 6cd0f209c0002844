import assert from "node:assert/strict";
import {
  adamw,
  castWeights,
  finishReport,
  REPORT,
  REPORT_LENGTH,
  SETTINGS,
  SETTINGS_LENGTH,
  SQUARES,
  squares,
} from "../../../kernels/webgpu/ops/adamw.ts";
import { adamw as reference, clipScale, globalNorm } from "../../../lib/backends/adamw.ts";
import { Bench } from "./support.ts";

const COUNT = 5000;

const UPDATE = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  decayedKinds: ["linear"],
  maxGradientNorm: 3,
} as const;

/** Runs the update of step 5 on a gradient that is stored `factor` times too large. */
async function update(bench: Bench, gradient: Float32Array, factor: number, loss: number) {
  const { device } = bench;
  const step = 5;
  const settings = new Float32Array(SETTINGS_LENGTH);
  settings[SETTINGS.gradientFactor] = 1 / factor;
  settings[SETTINGS.maxGradientNorm] = UPDATE.maxGradientNorm;
  settings[SETTINGS.rate] = UPDATE.learningRate / (1 - UPDATE.beta1 ** step);
  settings[SETTINGS.beta1] = UPDATE.beta1;
  settings[SETTINGS.beta2] = UPDATE.beta2;
  settings[SETTINGS.epsilon] = UPDATE.epsilon;
  settings[SETTINGS.correction] = Math.sqrt(1 - UPDATE.beta2 ** step);
  settings[SETTINGS.keep + 1] = 1 - UPDATE.learningRate * UPDATE.weightDecay;
  const state = {
    step: step - 1,
    weights: bench.random(COUNT),
    firstMoment: bench.random(COUNT),
    secondMoment: bench.random(COUNT).map((x) => x * x),
  };
  const single = (values: Float32Array) => bench.buffer(values, "f32");
  const report = single(Float32Array.of(loss, ...new Float32Array(REPORT_LENGTH - 1)));
  const settingsBuffer = single(settings);
  const buffers = {
    weights: single(state.weights),
    firstMoment: single(state.firstMoment),
    secondMoment: single(state.secondMoment),
    gradient: single(gradient.map((g) => g * factor)),
    working: bench.poisoned(COUNT),
  };
  const parts = bench.poisoned(SQUARES, "f32");
  const bind = (buffer: GPUBuffer) => ({ buffer });
  bench.run(
    await castWeights(device, "cast", COUNT, buffers),
    await squares(device, "norm", COUNT, {
      gradient: buffers.gradient,
      settings: settingsBuffer,
      parts: bind(parts),
    }),
    await finishReport(device, "report", SQUARES, { parts, settings: settingsBuffer, report }),
    await adamw(device, "adamw", COUNT, 1, {
      weights: bind(buffers.weights),
      firstMoment: bind(buffers.firstMoment),
      secondMoment: bind(buffers.secondMoment),
      gradient: bind(buffers.gradient),
      working: bind(buffers.working),
      settings: settingsBuffer,
      report,
    }),
  );
  return { state, buffers, report: await bench.read(report, REPORT_LENGTH, "f32") };
}

Deno.test("adamw() clips by the global norm and updates as the definition does", async () => {
  using bench = await Bench.open("f16");
  const gradient = bench.random(COUNT);
  const { state, buffers, report } = await update(bench, gradient, 512, 1.5);
  const norm = globalNorm(gradient);
  assert.ok(Math.abs((report[REPORT.gradientNorm] ?? NaN) - norm) < 1e-5 * norm);
  assert.equal(report[REPORT.finite], 1);
  const layout = [{ name: "w", shape: [COUNT], offset: 0, size: COUNT, kind: "linear" }] as const;
  const expected = reference(layout, state, gradient, clipScale(norm, UPDATE.maxGradientNorm), UPDATE);
  await bench.assertHolds(buffers.weights, expected.weights, "weights", "f32", 1e-6);
  await bench.assertHolds(buffers.firstMoment, expected.firstMoment, "first moment", "f32", 1e-6);
  await bench.assertHolds(buffers.secondMoment, expected.secondMoment, "second moment", "f32", 1e-6);
  await bench.assertHolds(buffers.working, bench.rounded(expected.weights), "f16 copy");
});

for (
  const [name, value, loss] of [["gradient", Infinity, 1], ["gradient", NaN, 1], ["loss", 1, NaN]] as const
) {
  Deno.test(`adamw() changes nothing where the ${name} is ${name === "loss" ? loss : value}`, async () => {
    using bench = await Bench.open("f16");
    const gradient = bench.random(COUNT);
    gradient[COUNT - 1] = value;
    const { state, buffers, report } = await update(bench, gradient, 1, loss);
    assert.equal(report[REPORT.finite], 0);
    assert.deepEqual(await bench.read(buffers.weights, COUNT, "f32"), state.weights);
    assert.deepEqual(await bench.read(buffers.firstMoment, COUNT, "f32"), state.firstMoment);
    assert.deepEqual(await bench.read(buffers.working, COUNT), bench.rounded(state.weights));
  });
}
