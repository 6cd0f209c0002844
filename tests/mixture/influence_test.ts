import assert from "node:assert/strict";
import { dataInf } from "../../lib/mixture/datainf.ts";
import { influenceOverCheckpoints } from "../../lib/mixture/influence.ts";
import { samples, StoredGradients } from "./stored_gradients.ts";

/** Gradients that grow with the weights that were loaded. */
class Growing extends StoredGradients {
  factor = 1;

  override load(weights: Float32Array): Promise<void> {
    this.factor = weights[0] ?? NaN;
    return Promise.resolve();
  }

  protected override gradient(sample: number): ArrayLike<number> {
    return Float64Array.from(super.gradient(sample), (value, i) => value * this.factor ** (i + 1));
  }
}

Deno.test("influenceOverCheckpoints() scores each model's probes at each of its checkpoints", async () => {
  const gradients = [[1, 2, 0.5], [0.25, 1, -1], [-1, 0.5, 2], [1, -1, 1]];
  const backend = new Growing(gradients, [{ name: "all", offset: 0, size: 3 }]);
  const probe = (name: string, sample: number) => ({ name, sources: [name], batches: [samples([sample])] });
  const [code, math, web] = [probe("code", 0), probe("math", 1), probe("web", 2)];
  const candidates = [samples([2, 3]), samples([0])];
  const weights = (value: number) => () => Promise.resolve(Float32Array.of(value));
  const counts: number[] = [];
  const result = await influenceOverCheckpoints(
    backend,
    [{ probes: [code, math], checkpoints: [weights(1), weights(2)] }, {
      probes: [web],
      checkpoints: [weights(3)],
    }],
    candidates,
    (checkpoint, score) => {
      counts.push(checkpoint);
      return score();
    },
  );
  assert.deepEqual(counts, [0, 1, 2]);
  const expected = [];
  for (const [asked, factors] of [[code, [1, 2]], [math, [1, 2]], [web, [3]]] as const) {
    const scores = [];
    for (const factor of factors) {
      backend.factor = factor;
      scores.push(...await dataInf(backend, [asked], candidates));
    }
    expected.push({ asked, scores });
  }
  for (const kind of ["influence", "gradientProduct"] as const) {
    assert.deepEqual(
      result[kind],
      expected.map(({ asked, scores }) => ({
        capability: asked.name,
        sources: asked.sources,
        checkpoints: scores.map((score) => score[kind]),
      })),
    );
  }
});
