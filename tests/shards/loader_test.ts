import assert from "node:assert/strict";
import { join } from "node:path";
import type { TokenBatch } from "../../lib/backends/backend.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { Loader, type LoaderOptions } from "../../lib/shards/loader.ts";
import type { Shards } from "../../lib/shards/reader.ts";
import { characterTokenizer, concatenated, mixtureOf, shardsOf } from "./support.ts";
import { inDirectory } from "../core/temporary.ts";

const code = Array.from({ length: 9 }, (_, i) => "0123456789".slice(0, 4 + i % 5));
const math = Array.from({ length: 7 }, (_, i) => "abcdefghij".slice(0, 3 + i % 4));

/** Runs a test with two small sources. */
function withSources(test: (sources: Shards[], directory: string) => void | Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    using first = await shardsOf(directory, "code", code);
    using second = await shardsOf(directory, "math", math);
    await test([first, second], directory);
  });
}

function loader(sources: readonly Shards[], options: Partial<LoaderOptions> = {}): Loader {
  return new Loader({
    mixture: mixtureOf({ code: 0.75, math: 0.25 }),
    sources,
    seed: 3,
    stage: "pretrain-1",
    length: 8,
    sequencesPerBatch: 2,
    steps: 6,
    ...options,
  });
}

Deno.test("batch() holds windows of the token stream, their targets one further on, and their documents", () =>
  withSources((sources) => {
    const streams = new Map([["code", concatenated(...code)], ["math", concatenated(...math)]]);
    const { steps, ...rest } = { steps: 6, rows: [] as string[] };
    const batches = Array.from({ length: steps }, (_, step) => loader(sources).batch(step));
    for (const { sequences, length, tokens, targets, documents } of batches) {
      assert.deepEqual([sequences, length, tokens.length], [2, 8, 16]);
      for (let row = 0; row < sequences; row++) {
        const input = [...tokens.subarray(row * 8, row * 8 + 8)];
        const target = [...targets.subarray(row * 8, row * 8 + 8)];
        assert.deepEqual(input.slice(1), target.slice(0, 7));
        const found = [...streams].flatMap(([source, stream]) =>
          Array.from({ length: Math.floor((stream.length - 1) / 8) }, (_, window) => ({ source, window }))
            .filter(({ window }) =>
              `${stream.slice(window * 8, window * 8 + 9)}` === `${[...input, target[7]]}`
            )
        );
        assert.ok(found.length > 0, `${input} is no window`);
        rest.rows.push(found[0]?.source ?? "");
        // A document begins exactly where beginOfText stands.
        for (let t = 1; t < 8; t++) {
          const place = row * 8 + t;
          assert.equal((documents[place] ?? 0) - (documents[place - 1] ?? 0), input[t] === 1 ? 1 : 0);
        }
      }
    }
    assert.equal(rest.rows.filter((source) => source === "code").length, 9);
  }));

Deno.test("batch() is a pure function of the step", () =>
  withSources((sources) => {
    const forwards = loader(sources), backwards = loader(sources.toReversed());
    const expected = Array.from({ length: 6 }, (_, step) => forwards.batch(step));
    for (let step = 5; step >= 0; step--) assert.deepEqual(backwards.batch(step), expected[step]);
    assert.notDeepEqual(loader(sources, { seed: 4 }).batch(0), expected[0]);
  }));

Deno.test("batch() is what a backend takes", () =>
  withSources((sources) => {
    const batch: TokenBatch = loader(sources).batch(0);
    assert.equal(batch.targets.length, batch.sequences * batch.length);
  }));

Deno.test("batch() refuses a step outside the stage", () =>
  withSources((sources) => {
    for (const step of [-1, 6, NaN]) {
      assert.throws(() => loader(sources).batch(step), new RangeError(`Step is ${step}, expected 0 … 5.`));
    }
  }));

Deno.test("plan() counts sequences, tokens and epochs of each source", () =>
  withSources((sources) => {
    const [first, second] = sources.map(({ tokens }) => Math.floor((tokens - 1) / 8));
    assert.deepEqual(loader(sources).plan(), [
      { source: "code", sequences: 9, windows: first, epochs: 9 / (first ?? 0), tokens: 72 },
      { source: "math", sequences: 3, windows: second, epochs: 3 / (second ?? 0), tokens: 24 },
    ]);
  }));

Deno.test("checkState() accepts its own state after JSON", () =>
  withSources((sources) => {
    const state = JSON.parse(JSON.stringify(loader(sources).state(4)));
    assert.equal(state.step, 4);
    loader(sources.toReversed()).checkState(state);
  }));

const differences: [string, Partial<LoaderOptions>][] = [
  ["stage", { stage: "pretrain-2" }],
  ["seed", { seed: 4 }],
  ["length", { length: 4 }],
  ["sequencesPerBatch", { sequencesPerBatch: 1 }],
  ["steps", { steps: 7 }],
  ["mixture", { mixture: mixtureOf({ code: 0.5, math: 0.5 }) }],
  ["mixture", { mixture: mixtureOf({ code: 0.75, math: 0.25 }, { maxEpochs: 9 }) }],
];
for (const [name, options] of differences) {
  Deno.test(`checkState() refuses another ${name} (${JSON.stringify(Object.values(options)[0])})`, () =>
    withSources((sources) => {
      const other = loader(sources, options).state(1);
      assert.throws(
        () => loader(sources).checkState(other),
        (error: Error) =>
          error instanceof UsageError && error.message.startsWith(`The saved state has ${name} `) &&
          error.message.includes(", this run has "),
      );
    }));
}

Deno.test("checkState() refuses other shards and another tokenizer", () =>
  withSources(async (sources, directory) => {
    const [first] = sources as [Shards, ...Shards[]];
    using altered = await shardsOf(join(directory, "altered"), "math", ["another text", ...math]);
    const both = (tokenizer: ReturnType<typeof characterTokenizer>) =>
      Promise.all(
        [["code", code], ["math", math]].map(([name, texts]) =>
          shardsOf(join(directory, "foreign"), name as string, texts as string[], { tokenizer })
        ),
      );
    const foreign = await both(characterTokenizer(300));
    assert.throws(
      () => loader(sources).checkState(loader([first, altered]).state(0)),
      /^UsageError: The saved state has shards /,
    );
    assert.throws(
      () => loader(sources).checkState(loader(foreign).state(0)),
      new UsageError('The saved state has tokenizer "characters-300", this run has "characters-256".'),
    );
  }));

for (const step of [-1, 7, 0.5]) {
  Deno.test(`checkState() refuses the step ${step}`, () =>
    withSources((sources) => {
      const state = { ...loader(sources).state(0), step };
      assert.throws(
        () => loader(sources).checkState(state),
        new UsageError(`The saved state has step ${step}, expected 0 … 6.`),
      );
    }));
}

Deno.test("Loader refuses sources of different tokenizers, or of another than the mixture's", () =>
  withSources(async (sources, directory) => {
    const [first] = sources as [Shards, ...Shards[]];
    using foreign = await shardsOf(join(directory, "foreign"), "math", math, {
      tokenizer: characterTokenizer(300),
    });
    assert.throws(
      () => loader([first, foreign]),
      new UsageError(
        'Source "math" is tokenised with "characters-300", mixture "test" needs "characters-256".',
      ),
    );
    const mixture = mixtureOf({ code: 1 }, { tokenizer: "llama3" });
    assert.throws(
      () => loader(sources, { mixture }),
      new UsageError('Source "code" is tokenised with "characters-256", mixture "test" needs "llama3".'),
    );
  }));

Deno.test("Loader refuses a source twice", () =>
  withSources(([first, second]) => {
    assert.throws(
      () => loader([first, second, first] as Shards[]),
      new UsageError('Stage "pretrain-1": two of its shards have the same source.'),
    );
  }));

for (const name of ["length", "sequencesPerBatch", "steps"] as const) {
  Deno.test(`Loader refuses ${name} 0`, () =>
    withSources((sources) => {
      assert.throws(
        () => loader(sources, { [name]: 0 }),
        new UsageError(`Stage "pretrain-1": ${name} is 0, expected a positive whole number.`),
      );
    }));
}
