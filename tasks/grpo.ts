/**
 * `deno task grpo`: reinforcement learning on problems whose answers can be checked, from a fine-tuned model, or from a base
 * model that a short `deno task sft` has taught the format.
 */
import { InvalidArgumentError, Option } from "commander";
import { join } from "node:path";
import { openBackend } from "../lib/backends/open.ts";
import { openDecoder } from "../lib/backends/open_decoder.ts";
import { MathematicsGrader } from "../lib/benchmarks/mathematics/grade.ts";
import { exists, fingerprint, sha256 } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { loadModel, saveModel } from "../lib/model/checkpoint.ts";
import { findModel, tokenizerOf } from "../lib/pipeline/find_model.ts";
import { conversationSource } from "../lib/sources/conversations.ts";
import { openTemplate } from "../lib/tokenizer/chat.ts";
import {
  GRPO_METRICS_FILE,
  type GrpoMetrics,
  type GrpoSettings,
  trainWithGrpo,
} from "../lib/train/grpo/grpo.ts";
import { CHECKPOINTS_FOLDER } from "../lib/train/loop.ts";
import { readPrompts } from "../lib/train/grpo/prompts.ts";
import { readSteps } from "../lib/train/grpo/step_log.ts";

interface Flags {
  readonly model: string;
  readonly out: string;
  readonly problems: string;
  readonly heldOut: string;
  readonly tokenizer?: string;
  readonly template: string;
  readonly backend: "wasm" | "webgpu";
  readonly steps: number;
  readonly prompts: number;
  readonly generations: number;
  readonly learningRate: number;
  readonly advantage: GrpoSettings["advantage"];
  readonly updates: number;
  readonly maxNewTokens: number;
  readonly questions: number;
  readonly seed: number;
  readonly restart: boolean;
}

/** Problems that are read at most: more than a run of the paper's 100 steps asks. */
const MOST_PROBLEMS = 100_000;
/** Texts that a decoder writes side by side, and rows of a micro-batch. */
const MOST_SLOTS = 64;
const ROWS = 8;

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError("expected a number above 0.");
}

function count(text: string): number {
  const value = positive(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("expected a whole number above 0.");
}

const command = taskCommand("grpo", "Reinforcement learning on problems whose answers can be checked")
  .requiredOption("--model <path>", "a model directory, or a run: its last model")
  .requiredOption("--out <directory>", "logs, checkpoints and the model; goes on with what is there")
  .option("--problems <source>", "source of conversations, or a file of one", "word-problems/problems")
  .option("--held-out <source>", "problems that the learning curve asks", "word-problems/held-out")
  .option("--tokenizer <name>", "llama3 or llama3-N; without it, what the model's stage says")
  .option("--template <name>", "chat template: llama3 or a .jinja file", "llama3")
  .addOption(new Option("--backend <name>", "what computes").choices(["wasm", "webgpu"]).default("wasm"))
  .option("--steps <n>", "steps", count, 100)
  .option("--prompts <n>", "prompts a step", count, 32)
  .option("--generations <n>", "answers to each prompt", count, 8)
  .option("--learning-rate <rate>", "peak, after 5 steps of warm-up; decays linearly to 0", positive, 3e-6)
  .addOption(
    new Option("--advantage <scale>", "what a reward's distance from its group's mean is divided by")
      .choices(["standard deviation", "mean"]).default("standard deviation"),
  )
  .option("--updates <n>", "updates on the answers of a step", count, 1)
  .option("--max-new-tokens <n>", "most tokens of an answer", count, 512)
  .option("--questions <n>", "held-out problems asked", count, 128)
  .option("--seed <n>", "another seed, other problems and answers", count, 1)
  .option("--restart", "begin anew", false);

await runTask<Flags>(command, async (flags, { signal, print }) => {
  const { out, backend: name, maxNewTokens, seed } = flags;
  const directory = await findModel(flags.model);
  const { config, weights } = await loadModel(directory);
  if (maxNewTokens >= config.maxPositions) {
    throw new UsageError(
      `--max-new-tokens is ${maxNewTokens}, expected fewer than the model's ${config.maxPositions} positions.`,
    );
  }
  const tokenizer = await tokenizerOf(directory, config.vocabularySize, flags.tokenizer);
  const template = await openTemplate(flags.template);
  const read = async (source: string, most: number) =>
    await readPrompts(await conversationSource(source), {
      tokenizer,
      template,
      longest: config.maxPositions - maxNewTokens,
      count: most,
    });
  const prompts = await read(flags.problems, MOST_PROBLEMS);
  const heldOut = await read(flags.heldOut, flags.questions);
  const longest = [...prompts, ...heldOut].reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const settings: GrpoSettings = {
    seed,
    schedule: {
      peak: flags.learningRate,
      warmupSteps: 5,
      totalSteps: flags.steps,
      decay: "linear",
      floor: 0,
    },
    optimizer: {
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0,
      decayedKinds: [],
      maxGradientNorm: 1,
    },
    promptsPerStep: flags.prompts,
    generationsPerPrompt: flags.generations,
    temperature: 1,
    advantage: flags.advantage,
    updatesPerStep: flags.updates,
    clip: 0.2,
    sequencesPerBatch: ROWS,
    evaluateEvery: 10,
    checkpointEvery: 10,
  };
  const checkpoints = join(out, CHECKPOINTS_FOLDER);
  if (flags.restart && await exists(checkpoints)) await Deno.remove(checkpoints, { recursive: true });
  await using backend = await openBackend(name, config, { blas: "auto" });
  await using grader = new MathematicsGrader();
  await using policy = await openDecoder(name, { config, weights }, {
    slots: Math.min(MOST_SLOTS, flags.prompts * flags.generations),
    capacity: longest + maxNewTokens,
  });
  await trainWithGrpo({
    name: "grpo",
    backend,
    policy,
    initialWeights: weights,
    prompts,
    heldOut,
    asking: {
      stopToken: tokenizer.special.endOfTurn,
      maxNewTokens,
      decode: (tokens) => tokenizer.decode(tokens),
      reward: async (text, gold) => (await grader.grade(text, gold)).correct ? 1 : 0,
    },
    settings,
    directory: out,
    fingerprint: fingerprint({
      settings,
      maxNewTokens,
      weights: sha256(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)),
      prompts: sha256(
        JSON.stringify([...prompts, ...heldOut].map(({ tokens, gold }) => [[...tokens], gold])),
      ),
    }),
    signal,
  });
  const model = join(out, "model");
  await saveModel(model, config, (await backend.exportState()).weights);
  const curve = (await readSteps<GrpoMetrics>(join(out, GRPO_METRICS_FILE))).filter(({ kind }) =>
    kind === "held out"
  );
  print({ model, curve }, (result) => [...result.curve.map(describe), model].join("\n"));
});

function describe(entry: GrpoMetrics): string {
  const accuracy = entry.kind === "held out" ? entry.accuracy : entry.reward;
  return `step ${entry.step}: ${(100 * accuracy).toFixed(1)}% right, ${entry.meanLength.toFixed(0)} tokens`;
}
