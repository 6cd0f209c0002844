/** order.py draws what lib/shards/sampler.ts draws. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { mixtureFileOf, parseMixture, uniformMixture } from "../../../lib/core/mixture.ts";
import { Random } from "../../../lib/core/random.ts";
import { runProcess } from "../../../lib/pipeline/subprocess.ts";
import { MixtureSampler } from "../../../lib/shards/sampler.ts";

const FOLDER = fileURLToPath(new URL("../../../lib/launch/torch/", import.meta.url));

const SCRIPT = `
import json, sys
sys.path.insert(0, sys.argv[1])
from order import MixtureSampler
for line in sys.stdin:
    case = json.loads(line)
    sampler = MixtureSampler(case["seed"], case["stage"], case["sources"])
    print(json.dumps([sampler.at(i) for i in case["indices"]], ensure_ascii=False))
`;

const python = await runProcess("python3", ["--version"]);

/** Mixtures of random weights over sources of random lengths, small and large. */
const CASES = Array.from({ length: 20 }, (_, i) => {
  const random = Random.of(i, "cases");
  const names = ["a", 'Zoë "β"', "web/c"].slice(0, 1 + i % 3);
  const file = mixtureFileOf(uniformMixture(names, null));
  const weights = names.map((_, j) => 1 + random.below(j, 9));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mixture = parseMixture(
    { ...file, sources: names.map((name, j) => ({ name, weight: (weights[j] ?? 0) / total })) },
    "case",
  );
  const scale = i % 2 === 0 ? 50 : 1e9;
  const windows = new Map(names.map((name, j) => [name, 1 + random.below(10 + j, scale)]));
  return { mixture, windows, seed: 2 ** i, stage: `stage ${i}`, sequences: 1 + random.below(20, scale) };
});

Deno.test({
  name: "order.py draws the sequences that MixtureSampler draws, to the last, of mixtures small and large",
  ignore: python === null,
  fn: async () => {
    const cases = CASES.map((options) => {
      const sampler = new MixtureSampler(options);
      const { seed, stage, sequences } = options;
      const indices = Array.from({ length: 20 }, (_, i) => Math.floor(i * (sequences - 1) / 19));
      const sources = sampler.plan().map(({ source, sequences, windows }) => ({
        name: source,
        sequences,
        windows,
      }));
      return { seed, stage, sources, indices, expected: indices.map((index) => sampler.at(index)) };
    });
    const input = cases.map(({ expected: _, ...own }) => JSON.stringify(own) + "\n").join("");
    const done = await runProcess("python3", ["-c", SCRIPT, FOLDER], { input });
    assert.equal(done?.code, 0, done?.output);
    const drawn = done?.stdout.split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(
      drawn,
      cases.map(({ expected }) => expected.map(({ source, window }) => [source, window])),
    );
  },
});
