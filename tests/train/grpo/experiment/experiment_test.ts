import assert from "node:assert/strict";
import { join } from "node:path";
import { createWasmBackend } from "../../../../lib/backends/wasm.ts";
import { writeShards } from "../../../../lib/shards/writer.ts";
import { openShards } from "../../../../lib/shards/reader.ts";
import { factsDocument, storyDocument } from "../../../../lib/sources/word_problems/texts.ts";
import { openTokenizer } from "../../../../lib/tokenizer/tokenizer.ts";
import { encodeProblems } from "../../../../lib/train/grpo/experiment/encode.ts";
import { runExperiment } from "../../../../lib/train/grpo/experiment/experiment.ts";
import type { ExperimentSettings } from "../../../../lib/train/grpo/experiment/settings.ts";
import { readProblems, writeProblems } from "../../../../lib/train/grpo/experiment/problem_file.ts";

const PUBLISHED: ExperimentSettings = JSON.parse(
  await Deno.readTextFile(new URL("../../../../data/experiments/word_problems.json", import.meta.url)),
);

/** The same experiment, so small that nothing is learned. */
function small(settings: ExperimentSettings): ExperimentSettings {
  const cut = <Stage extends { readonly schedule: ExperimentSettings["grpo"]["schedule"] }>(
    stage: Stage,
  ) => ({
    ...stage,
    schedule: { ...stage.schedule, warmupSteps: 1, totalSteps: 2 },
    sequencesPerBatch: 2,
  });
  const { pretraining, midtraining, fineTuning, coldStart, grpo } = settings;
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
    fineTuning: { ...cut(fineTuning), problems: 20, epochs: 1 },
    coldStart: { ...cut(coldStart), problems: 4, epochs: 1 },
    grpo: { ...cut(grpo), promptsPerStep: 2, generationsPerPrompt: 2 },
    maxNewTokens: 4,
    questions: 3,
  };
}

Deno.test("runExperiment() goes through all stages, and asks the model after each", async () => {
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
  const heard: string[] = [];
  const report = await runExperiment({
    settings,
    backend,
    sources: [facts, stories],
    training: await readProblems(training),
    heldOut: await readProblems(heldOut),
    directory: join(directory, "out"),
    signal: new AbortController().signal,
    onResult: ({ stage }) => heard.push(stage),
  });
  const stages = [
    "untrained",
    "pretraining",
    "mid-training",
    "fine-tuning",
    "cold start",
    "GRPO from base",
    "GRPO from fine-tuned",
  ];
  assert.deepEqual(heard, stages);
  assert.deepEqual(report.stages.map(({ stage }) => stage), stages);
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
});
