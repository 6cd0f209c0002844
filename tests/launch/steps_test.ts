/** Ranks: what they make together is what one machine makes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/artefacts.ts";
import { DataSteps, findStep, type Step, STEPS } from "../../lib/launch/steps.ts";
import type { Run } from "../../lib/pipeline/run.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { answerOf, startServer } from "../curation/stub_server.ts";
import { smallRun, writeSmallData } from "./small_data.ts";

const RANKS = 4;

/** The stages of both runs have the same bytes. */
async function assertSame(root: string, local: Run): Promise<void> {
  const [corpus, curation, shards] = [await local.corpus(), await local.curation(), await local.shards()];
  for (const [stage, { manifest }] of Object.entries({ corpus, curation, shards })) {
    const own = JSON.parse(await Deno.readTextFile(join(root, stage, "manifest.json")));
    assert.equal(own.fingerprint, manifest.fingerprint, stage);
    assert.equal(own.digest, manifest.digest, stage);
    if (stage !== "curation") assert.deepEqual(own.result, manifest.result);
  }
  assert.deepEqual(await names(root), ["corpus", "curation", "shards"]);
}

Deno.test("DataSteps make the bytes of a local run, whatever order the ranks come in; parts that are lost or altered are missed", () =>
  inDirectory(async (folder) => {
    const recipe = await writeSmallData(folder);
    const root = join(folder, "ranks");
    const data = new DataSteps(await smallRun(recipe, root), RANKS);
    const all = [0, 1, 2, 3];
    const arrays = ["documents", "education", "reasoning", "domain", "tokens"];
    assert.deepEqual(
      await data.unfinished(),
      Object.fromEntries(STEPS.map((step) => [step, arrays.includes(step) ? all : [0]])),
    );
    await assert.rejects(data.perform("education", 0), {
      name: "RunError",
      message: "Step corpus of run small is not done.",
    });
    const perform = async (step: Step, ranks: readonly number[]) => {
      for (const rank of ranks) await data.perform(step, rank);
    };
    await perform("documents", [3, 1, 2, 0]);
    await data.perform("corpus", 0);
    assert.equal(await exists(join(root, "documents-parts")), false);
    await perform("education", [2, 0, 1]);
    await assert.rejects(data.perform("sampled", 0), {
      name: "RunError",
      message: "Not done, or altered since: education-parts/3-of-4.",
    });
    const altered = join(root, "education-parts", "1-of-4", "scores", "education", "proofs.jsonl");
    await Deno.writeTextFile(altered, "{}\n", { append: true });
    const { documents, corpus, education, sampled } = await data.unfinished();
    assert.deepEqual([documents, corpus, education, sampled], [[], [], [1, 3], [0]]);
    await perform("education", [3, 1]);
    await data.perform("sampled", 0);
    await perform("reasoning", all);
    await perform("reasoned", [0]);
    await perform("domain", all.toReversed());
    assert.deepEqual(await names(root), ["corpus", "domain-parts", "reasoned", "sampled"]);
    await data.perform("curation", 0);
    await data.perform("domain", 2);
    assert.deepEqual(await names(root), ["corpus", "curation"]);
    await perform("tokens", all.toReversed());
    await data.perform("shards", 0);
    assert.ok(Object.values(await data.unfinished()).every((left) => left.length === 0));
    await assertSame(root, await smallRun(recipe, join(folder, "local")));
  }));

Deno.test("DataSteps ask a judge on a server each question once, and leave the answers that one machine would", () =>
  inDirectory(async (folder) => {
    await using server = startServer(({ content }) => {
      const letters = Array.from(content, (letter) => letter.charCodeAt(0));
      const share = letters.reduce((sum, code) => (31 * sum + code) % 997, 7) / 997;
      return answerOf({ "1": share, "0": 1 - share });
    });
    const recipe = await writeSmallData(folder, { address: server.baseUrl, model: "stub" });
    const root = join(folder, "ranks");
    const data = new DataSteps(await smallRun(recipe, root), 2);
    for (const step of data.steps) {
      for (let task = 0; task < data.tasks(step); task++) await data.perform(step, task);
    }
    const questions = server.requests.map(({ content }) => content);
    assert.equal(new Set(questions).size, questions.length);
    const asked = questions.length;
    await assertSame(root, await smallRun(recipe, join(folder, "local")));
    assert.deepEqual(
      server.requests.slice(asked).map(({ content }) => content).sort(),
      questions.toSorted(),
      "the local run asks the same",
    );
  }));

Deno.test("DataSteps have no steps of the judge where it is trained", () =>
  inDirectory(async (folder) => {
    const run = await smallRun(await writeSmallData(folder), join(folder, "run"), [
      "curation.judge.address=null",
    ]);
    const data = new DataSteps(run, RANKS);
    const steps = ["documents", "corpus", "education", "curation", "tokens", "shards"];
    assert.deepEqual(data.steps, steps);
    assert.deepEqual(data.stepsUpTo("curation"), steps.slice(0, 4));
    assert.deepEqual((await data.unfinished()).reasoning, []);
    assert.throws(() => data.stepsUpTo("reasoned"), {
      name: "UsageError",
      message: "Run small has no step reasoned: its judge is trained, and judges in the step curation.",
    });
  }));

Deno.test("DataSteps name a source without documents when its parts are joined", () =>
  inDirectory(async (folder) => {
    const recipe = await writeSmallData(folder);
    await Deno.writeTextFile(join(folder, "letters.jsonl"), "\n");
    const data = new DataSteps(await smallRun(recipe, join(folder, "run")), 2);
    for (const rank of [0, 1]) await data.perform("documents", rank);
    await assert.rejects(data.perform("corpus", 0), {
      name: "UsageError",
      message: /^Source "letters" is empty/,
    });
  }));

Deno.test("DataSteps.perform() has no task beyond the last", () =>
  inDirectory(async (folder) => {
    const recipe = await writeSmallData(folder);
    const data = new DataSteps(await smallRun(recipe, join(folder, "run")), RANKS);
    await assert.rejects(data.perform("tokens", 4), {
      name: "UsageError",
      message: "Step tokens has no task 4, expected 0 … 3.",
    });
    await assert.rejects(data.perform("curation", 0.5), { name: "UsageError" });
  }));

Deno.test("findStep() knows the names", () => {
  assert.equal(findStep("tokens"), "tokens");
  assert.equal(findStep("training"), undefined);
});
