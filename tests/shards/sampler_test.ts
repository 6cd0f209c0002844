import assert from "node:assert/strict";
import fc from "fast-check";
import { loadPaperTables, paperRecords } from "../../lib/catalog/published.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { loadMixture } from "../../lib/mixture/load.ts";
import { allocate } from "../../lib/shards/allocation.ts";
import { type Draw, MixtureSampler, type SamplerOptions } from "../../lib/shards/sampler.ts";
import { mixtureOf } from "./support.ts";

function sampler(options: Partial<SamplerOptions> = {}): MixtureSampler {
  return new MixtureSampler({
    mixture: mixtureOf({ code: 0.5, math: 0.3, mail: 0.2 }),
    windows: new Map([["code", 20], ["math", 100], ["mail", 7]]),
    seed: 1,
    stage: "pretrain-1",
    sequences: 100,
    ...options,
  });
}

const all = (s: MixtureSampler): Draw[] => Array.from({ length: s.sequences }, (_, i) => s.at(i));

const settings = fc.record({
  sources: fc.array(
    fc.record({
      weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
      windows: fc.integer({ min: 1, max: 60 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  maxEpochs: fc.option(fc.double({ min: 1, max: 4, noNaN: true })),
  seed: fc.nat(),
  sequences: fc.integer({ min: 1, max: 300 }),
});

Deno.test("at() draws exactly the rounded mixture, no window twice in an epoch, and no epoch before its time", () => {
  fc.assert(
    fc.property(settings, ({ sources, maxEpochs, seed, sequences }) => {
      const windows = new Map(sources.map(({ windows }, i) => [`s${i}`, windows]));
      const shares = sources.map(({ weight, windows }, i) => ({
        name: `s${i}`,
        weight,
        capacity: Math.floor((maxEpochs ?? Infinity) * windows),
      }));
      const total = Math.min(sequences, shares.reduce((sum, { capacity }) => sum + capacity, 0));
      const mixture = mixtureOf(Object.fromEntries(shares.map(({ name, weight }) => [name, weight])), {
        maxEpochs,
      });
      const draws = all(sampler({ mixture, windows, seed, sequences: total }));
      const expected = allocate(total, shares);
      shares.forEach(({ name, capacity }, i) => {
        const own = draws.filter(({ source }) => source === name);
        assert.equal(own.length, expected[i]);
        assert.ok(own.length <= capacity);
        const held = windows.get(name) ?? 0;
        for (let epoch = 0; epoch * held < own.length; epoch++) {
          const drawn = own.filter((draw) => draw.epoch === epoch).map(({ window }) => window);
          assert.equal(drawn.length, Math.min(held, own.length - epoch * held));
          assert.equal(new Set(drawn).size, drawn.length);
          assert.ok(drawn.every((window) => window >= 0 && window < held));
        }
      });
    }),
  );
});

Deno.test("at() depends on (seed, stage, index) alone, in any order of calls", () => {
  const draws = all(sampler());
  const other = sampler();
  for (let i = 99; i >= 0; i -= 3) assert.deepEqual(other.at(i), draws[i]);
  assert.notDeepEqual(all(sampler({ seed: 2 })), draws);
  assert.notDeepEqual(all(sampler({ stage: "pretrain-2" })), draws);
});

Deno.test("at() mixes the sources over the whole stage", () => {
  const draws = all(sampler({ sequences: 10_000 }));
  for (let from = 0; from < 10_000; from += 1000) {
    const code = draws.slice(from, from + 1000).filter(({ source }) => source === "code").length;
    // Hypergeometric, near binomial: five standard deviations around half.
    assert.ok(Math.abs(code - 500) < 5 * Math.sqrt(250), `${code} of 1000 from ${from}`);
  }
});

Deno.test("at() orders every epoch anew", () => {
  const draws = all(sampler({ mixture: mixtureOf({ code: 1 }), sequences: 40 }));
  const epoch = (n: number) => draws.filter((draw) => draw.epoch === n).map(({ window }) => window);
  assert.notDeepEqual(epoch(0), epoch(1));
  assert.deepEqual(epoch(0).toSorted(), epoch(1).toSorted());
});

Deno.test("at() refuses an index outside the stage", () => {
  for (const index of [-1, 100, NaN]) assert.throws(() => sampler().at(index), RangeError);
});

Deno.test("plan() says what each source gives", () => {
  assert.deepEqual(sampler({ mixture: mixtureOf({ code: 0.5, math: 0.3, mail: 0.2, web: 0 }) }).plan(), [
    { source: "code", sequences: 50, windows: 20, epochs: 2.5 },
    { source: "math", sequences: 30, windows: 100, epochs: 0.3 },
    { source: "mail", sequences: 20, windows: 7, epochs: 20 / 7 },
  ]);
});

Deno.test("plan() respects the cap on epochs", () => {
  const mixture = mixtureOf({ code: 0.5, math: 0.3, mail: 0.2 }, { maxEpochs: 1 });
  assert.deepEqual(sampler({ mixture, sequences: 60 }).plan().map(({ sequences }) => sequences), [20, 33, 7]);
});

/** Sequences of a phase of the paper's pretraining, and the windows of its data sets. */
const PHASE_SEQUENCES = 500_000 * 2048, PHASE_LENGTH = 2048;

async function publishedPhase(phase: 1 | 2) {
  const tables = await loadPaperTables();
  const rows = tables.filter(({ name }) => name === "pretrain_mix").flatMap(paperRecords);
  const windows = new Map(
    rows.map(({ dataset, tokens_billion: billions }) => [
      String(dataset),
      Math.floor(Number(billions) * 1e9 / PHASE_LENGTH),
    ]),
  );
  const mixture = await loadMixture(`mobilellm-r1-pretrain-${phase}`);
  const epochs = new Map(rows.map((row) => [String(row["dataset"]), Number(row[`phase${phase}_epochs`])]));
  return { mixture, windows, epochs };
}

for (const phase of [1, 2] as const) {
  Deno.test(`plan() repeats each data set of the paper's phase ${phase} as often as its table makes it`, async () => {
    const { mixture, windows, epochs } = await publishedPhase(phase);
    const plan = sampler({ mixture, windows, sequences: PHASE_SEQUENCES }).plan();
    assert.equal(plan.reduce((sum, { sequences }) => sum + sequences, 0), PHASE_SEQUENCES);
    for (const { source, epochs: own } of plan) {
      const printed = epochs.get(source) ?? NaN;
      // Printed to two digits, and from shares that sum to 100.01 or 99.99.
      assert.ok(Math.abs(own - printed) <= 0.0051 + 2e-4 * printed, `${source}: ${own}, printed ${printed}`);
    }
  });

  Deno.test(`plan() of the paper's phase ${phase} under a cap repeats nothing beyond it and leaves the others' proportions`, async () => {
    const { mixture, windows } = await publishedPhase(phase);
    const [free, capped] = [null, 4].map((maxEpochs) =>
      sampler({ mixture: { ...mixture, caps: { maxEpochs } }, windows, sequences: PHASE_SEQUENCES }).plan()
    );
    assert.ok(free && capped);
    assert.equal(capped.reduce((sum, { sequences }) => sum + sequences, 0), PHASE_SEQUENCES);
    const ratios = capped.flatMap(({ source, sequences, epochs, windows }) => {
      assert.ok(epochs <= 4, source);
      const before = free.find((own) => own.source === source)?.sequences ?? NaN;
      return sequences < 4 * windows ? [sequences / before] : [];
    });
    assert.ok(ratios.length < capped.length, "the cap binds");
    assert.ok(Math.max(...ratios) / Math.min(...ratios) - 1 < 1e-4);
  });
}

const refusals: [string, Partial<SamplerOptions>, RegExp][] = [
  [
    "no sequences",
    { sequences: 0 },
    /^Stage "pretrain-1" draws 0 sequences, expected a positive whole number\.$/,
  ],
  ["half a sequence", { sequences: 1.5 }, /^Stage "pretrain-1" draws 1\.5 sequences/],
  [
    "a source without shards",
    { mixture: mixtureOf({ web: 1 }) },
    /^The mixture's source "web" is not among the shards: code, math, mail\.$/,
  ],
  [
    "a source without a window",
    { windows: new Map([["code", 0], ["math", 1], ["mail", 1]]) },
    /^The mixture's source "code" is shorter than one sequence\.$/,
  ],
  [
    "more than the epochs allow",
    { mixture: mixtureOf({ code: 1 }, { maxEpochs: 2.5 }) },
    /^The mixture needs 100 sequences, its sources have 50 \(code 50\): /,
  ],
];
for (const [what, options, message] of refusals) {
  Deno.test(`MixtureSampler refuses ${what}`, () => {
    assert.throws(
      () => sampler(options),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    );
  });
}
