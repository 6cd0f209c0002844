import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { probingSets } from "../../lib/eval/probing_sets.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { inDirectory } from "../core/temporary.ts";
import { shardsOf } from "../shards/support.ts";
import { stubSystem } from "./stub_system.ts";

const system = stubSystem({
  logLikelihood: ({ continuation }) => ({ sum: -continuation.length, tokens: 2 }),
});
const tokenizer = await openTokenizer("llama3-512");

Deno.test("probingSets() asks for the beginnings of a set's documents, cut between characters", () =>
  inDirectory(async (directory) => {
    using _b = await shardsOf(directory, "b", ["One.", "Two.", "Three."], { tokenizer });
    using _a = await shardsOf(directory, "a", ["x🙂y"], { tokenizer });
    // x and three of the four bytes of the face.
    const tokens = 1 + tokenizer.encode("x🙂").length - 1;
    const [a, b, ...more] = await probingSets(directory, { limit: 2, tokens }, system);
    assert.deepEqual(more, []);
    assert.equal(a?.task, "probe_a_perplexity");
    assert.deepEqual(a?.questions.map(({ arguments: asked }) => asked), [[["", "x"]]]);
    assert.deepEqual(b?.questions.map(({ id, target }) => [id, target]), [["0", "One."], ["1", "Two."]]);
    const keys = [{ id: "1", sample: 0 }];
    const [sample] = await Array.fromAsync(b?.ask(keys, new AbortController().signal) ?? []);
    assert.deepEqual(sample?.metrics, { nll: 4, tokens: 2 });
  }));

Deno.test("probingSets() refuses a directory without shards, and a system without log-likelihoods", () =>
  inDirectory(async (directory) => {
    const settings = { limit: 1, tokens: 8 };
    for (const path of [directory, join(directory, "missing")]) {
      await assert.rejects(
        probingSets(path, settings, system),
        (error) => error instanceof UsageError && error.message.startsWith(`${path} has no probing sets`),
      );
    }
    using _ = await shardsOf(directory, "a", ["One."], { tokenizer });
    await assert.rejects(probingSets(directory, settings, stubSystem({})), /stub gives no log-likelihoods/);
  }));
