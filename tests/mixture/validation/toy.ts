/** Two languages that share no word, and a validation over them that takes a second. */
import type { TrainBackend } from "../../../lib/backends/backend.ts";
import { createWasmBackend } from "../../../lib/backends/wasm.ts";
import { createWasmInfluence } from "../../../lib/backends/wasm_influence.ts";
import { Random } from "../../../lib/core/random.ts";
import type { GroupedDocument, ValidationOptions } from "../../../lib/mixture/validation/options.ts";
import { SMALL_MODEL, UPDATE } from "../../backends/small_model.ts";

/** Counts ones up or down, from somewhere, in words from 1 or from 19. */
function document(group: string, number: number, first: number, step: 1 | 17): GroupedDocument {
  const start = Random.of(number, group).below(0, 18);
  return { group, tokens: Uint32Array.from({ length: 9 }, (_, i) => first + (start + i * step) % 18) };
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

export const CANDIDATES = range(8).flatMap((i) => [
  document("up", i, 1, 1),
  document("down", i, 1, 17),
  document("other", i, 19, 1),
]);

/** Probes of "up" and of "other"; 9 tokens that are one longer than those of any candidate. */
export const PROBES = range(4).flatMap((i) =>
  [document("up", 100 + i, 1, 1), document("other", 100 + i, 19, 1)].map(({ group, tokens }) => ({
    group,
    tokens: Uint32Array.of(...tokens, 0),
  }))
);

/** Runs a test with the toy's options. */
export async function withToy(
  directory: string,
  test: (options: ValidationOptions) => Promise<void>,
): Promise<void> {
  await using train = await createWasmBackend(SMALL_MODEL, { workers: 1 });
  await using influence = await createWasmInfluence(SMALL_MODEL, "all", { workers: 1 });
  await test({
    train,
    influence,
    training: {
      config: SMALL_MODEL,
      schedule: { peak: 1e-2, warmupSteps: 2, totalSteps: 30, decay: "linear", floor: 0.1 },
      optimizer: UPDATE,
      checkpointEvery: 1000,
    },
    candidates: CANDIDATES,
    probes: PROBES,
    settings: {
      length: 8,
      sequencesPerBatch: 4,
      checkpoints: 2,
      subsets: 4,
      seeds: 2,
      dropShare: 0.1,
      probesPerPass: 3,
      seed: 1,
    },
    directory,
    fingerprint: "toy",
    signal: new AbortController().signal,
  });
}

/** The same backend, counting updates. */
export function countingUpdates(backend: TrainBackend): { backend: TrainBackend; updates: () => number } {
  let updates = 0;
  const counting = new Proxy(backend, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (property === "step") updates++;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { backend: counting, updates: () => updates };
}
