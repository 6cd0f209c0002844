import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../../../lib/core/errors.ts";
import { createWasmBackend } from "../../../../lib/backends/wasm.ts";
import { createWasmDecoder } from "../../../../lib/backends/wasm_decode.ts";
import { initialise } from "../../../../lib/model/initialise.ts";
import { writeShards } from "../../../../lib/shards/writer.ts";
import { openShards } from "../../../../lib/shards/reader.ts";
import { factsDocument, storyDocument } from "../../../../lib/sources/word_problems/texts.ts";
import { openTokenizer } from "../../../../lib/tokenizer/tokenizer.ts";
import { encodeProblems } from "../../../../lib/train/grpo/experiment/encode.ts";
import { runExperiment } from "../../../../lib/train/grpo/experiment/experiment.ts";
import type { Schedule } from "../../../../lib/train/schedule.ts";
import type { ExperimentReport, StageResult } from "../../../../lib/train/grpo/experiment/report.ts";
import { checkExperiment, type ExperimentSettings } from "../../../../lib/train/grpo/experiment/settings.ts";
import { readProblems, writeProblems } from "../../../../lib/train/grpo/experiment/problem_file.ts";

const PUBLISHED: ExperimentSettings = JSON.parse(
  await Deno.readTextFile(new URL("../../../../data/experiments/word_problems.json", import.meta.url)),
);

/** The same experiment, so small that nothing is learned. */
function small(settings: ExperimentSettings): ExperimentSettings {
  const cut = <Stage extends { readonly schedule: Schedule }>(
    stage: Stage,
  ) => ({
    ...stage,
    schedule: { ...stage.schedule, warmupSteps: 1, totalSteps: 2 },
    sequencesPerBatch: 2,
  });
  const { pretraining, midtraining, fineTuning, coldStart, grpo } = settings;
  assert.ok(grpo !== null);
  return {
    ...settings,
    config: {
      ...settings.config,
      width: 16,
      layers: 1,
      heads: 2,
      keyValueHeads: 1,
      headSize: 8,
      feedForwardWidth: 32,
    },
    pretraining: cut(pretraining),
    midtraining: cut(midtraining),
    fineTuning: { ...cut(fineTuning), problems: 20, epochs: 1, evaluateAt: [1] },
    coldStart: { ...cut(coldStart), problems: 4, epochs: 1, evaluateAt: [1] },
    grpo: { ...cut(grpo), promptsPerStep: 2, generationsPerPrompt: 2, from: { coldStart: 1, fineTuning: 1 } },
    slots: 4,
    maxNewTokens: 4,
    questions: 3,
  };
}

Deno.test("runExperiment() goes through all stages, asks the model after each, and finds them done the next time", async () => {
  const directory = await Deno.makeTempDir();
  const tokenizer = await openTokenizer("llama3-512");
  const write = async (source: string, text: (i: number) => string) => {
    const documents = async function* () {
      for (let i = 0; i < 20; i++) yield { text: text(i) };
    };
    await writeShards(join(directory, source), documents(), tokenizer, {
      source,
      maxTokensPerShard: 1 << 20,
    });
    return await openShards(join(directory, source));
  };
  using facts = await write("facts", (i) => factsDocument(1, i));
  using stories = await write("stories", (i) => storyDocument("training", 1, i));
  const [training, heldOut] = [join(directory, "training"), join(directory, "held_out")];
  await writeProblems(training, tokenizer, encodeProblems("training", 1, 30, tokenizer));
  await writeProblems(heldOut, tokenizer, encodeProblems("held out", 1, 5, tokenizer));
  const settings = small(PUBLISHED);
  await using backend = await createWasmBackend(settings.config, { workers: 1 });
  await using policy = await createWasmDecoder(
    { config: settings.config, weights: initialise(settings.config, 1) },
    { slots: settings.slots, capacity: settings.length, workers: 1 },
  );
  const heard: string[] = [];
  const options = {
    settings,
    backend,
    policy,
    sources: [facts, stories],
    training: await readProblems(training),
    heldOut: await readProblems(heldOut),
    directory: join(directory, "out"),
    signal: new AbortController().signal,
    onResult: ({ stage }: StageResult) => heard.push(stage),
  };
  const report = await runExperiment(options);
  assert.deepEqual(heard, [
    "untrained",
    "pretraining",
    "mid-training",
    "fine-tuning, update 1",
    "fine-tuning, update 2",
    "fine-tuning",
    "cold start, update 1",
    "cold start, update 2",
    "cold start",
    "GRPO from base",
    "GRPO from fine-tuned",
  ]);
  assert.deepEqual(
    report.stages.map(({ stage }) => stage),
    heard.filter((stage) => !stage.includes("update")),
  );
  assert.deepEqual(report.tuning.fineTuning.map(({ step }) => step), [1, 2]);
  for (const curve of Object.values(report.grpo)) {
    assert.deepEqual(curve.map(({ kind, step }) => `${kind} ${step}`), [
      "held out 0",
      "step 1",
      "step 2",
      "held out 2",
    ]);
  }
  assert.deepEqual(
    JSON.parse(await Deno.readTextFile(join(directory, "out", "report.json"))),
    JSON.parse(JSON.stringify(report)),
  );

  // Nothing is left to do, and the same is said.
  const untimed = ({ stages, ...rest }: ExperimentReport) => ({
    ...rest,
    stages: stages.map((result) => ({ ...result, seconds: 0 })),
  });
  assert.deepEqual(untimed(await runExperiment(options)), untimed(report));
});

Deno.test("checkExperiment() wants a model that GRPO can go on from", () => {
  checkExperiment(PUBLISHED);
  checkExperiment({ ...PUBLISHED, grpo: null });
  const { grpo } = PUBLISHED;
  assert.ok(grpo !== null);
  const from = { ...grpo.from, coldStart: 7 };
  assert.throws(
    () => checkExperiment({ ...PUBLISHED, grpo: { ...grpo, from } }),
    new UsageError("grpo.from.coldStart is 7, expected one of coldStart.evaluateAt up to its 100 updates."),
  );
});
