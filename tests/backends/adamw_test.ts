import assert from "node:assert/strict";
import { adamw, clipScale, globalNorm } from "../../lib/backends/adamw.ts";
import type { ParameterSpec } from "../../lib/model/config.ts";
import { UPDATE } from "./small_model.ts";

const LAYOUT: ParameterSpec[] = [
  { name: "matrix", shape: [1, 1], offset: 0, size: 1, kind: "linear" },
  { name: "norm", shape: [1], offset: 1, size: 1, kind: "norm" },
];

Deno.test("globalNorm() is the 2-norm", () => {
  assert.equal(globalNorm(Float32Array.of(3, 0, -4)), 5);
});

Deno.test("clipScale() limits the norm and leaves a smaller one alone", () => {
  assert.equal(clipScale(5, 1), 1 / (5 + 1e-6));
  assert.equal(clipScale(0.5, 1), 1);
  assert.equal(clipScale(0, Infinity), 1);
});

Deno.test("adamw() moves by the learning rate at first, and decays only the kinds it is told", () => {
  const state = {
    step: 0,
    weights: Float32Array.of(2, 2),
    firstMoment: new Float32Array(2),
    secondMoment: new Float32Array(2),
  };
  const next = adamw(LAYOUT, state, Float32Array.of(-3, 3), 1, UPDATE);
  assert.equal(next.step, 1);
  // Bias correction makes m/√v the gradient's sign: 2·(1 − 0.01·0.1) + 0.01 and 2 − 0.01.
  assert.ok(Math.abs((next.weights[0] ?? NaN) - 2.008) < 1e-6);
  assert.ok(Math.abs((next.weights[1] ?? NaN) - 1.99) < 1e-6);
  assert.ok(Math.abs((next.firstMoment[0] ?? NaN) + 0.3) < 1e-6);
  assert.ok(Math.abs((next.secondMoment[0] ?? NaN) - 0.45) < 1e-6);
});

Deno.test("adamw() scales the gradient before the moments", () => {
  const state = {
    step: 4,
    weights: Float32Array.of(1, 1),
    firstMoment: Float32Array.of(0.5, 0.5),
    secondMoment: Float32Array.of(0.1, 0.1),
  };
  const copy = structuredClone(state);
  const scaled = adamw(LAYOUT, state, Float32Array.of(4, -4), 0.25, UPDATE);
  assert.deepEqual(scaled, adamw(LAYOUT, copy, Float32Array.of(1, -1), 1, UPDATE));
});
