/**
 * A proxy through pretraining, mid-training and fine-tuning on word problems, asked held-out ones after each stage, and along
 * fine-tuning; then GRPO from the mid-trained base, after a cold start that teaches it the format, and from the fine-tuned model.
 * @module
 */
import { join } from "node:path";
import { fingerprint, writeJson } from "../../../core/artefacts.ts";
import { loadModel, saveModel } from "../../../model/checkpoint.ts";
import { initialise } from "../../../model/initialise.ts";
import type { BatchSource } from "../../../shards/batch.ts";
import { train, type TrainingRun } from "../../loop.ts";
import { type Asking, type Prompt, score } from "../answers.ts";
import { GRPO_METRICS_FILE, type GrpoMetrics, trainWithGrpo } from "../grpo.ts";
import { readSteps, StepLog } from "../step_log.ts";
import { conversationBatches, documentBatches } from "./batches.ts";
import { type Ability, type AbilityAt, type ExperimentReport, REPORT_FILE, type Tuning } from "./report.ts";
import type { ExperimentOptions } from "./options.ts";
import { type EncodedProblem, textOf } from "./problem_file.ts";
import { rewardNumber } from "./reward.ts";
import { checkExperiment, type ReadingSettings, type TuningSettings } from "./settings.ts";

/** A stage's learning curve, and the model that GRPO goes on from, in its directory. */
const CURVE_FILE = "held_out.jsonl";
const MODEL_FOLDER = "model";

/**
 * Runs what is not done yet, stage by stage.
 *
 * @throws {UsageError} where GRPO is to go on from a model that no stage gives.
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentReport> {
  checkExperiment(options.settings);
  const experiment = new Experiment(options);
  const { pretraining, midtraining, grpo } = options.settings;
  const untrained = initialise(options.settings.config, options.settings.seed);
  await experiment.measure("untrained", untrained);
  const pretrained = await experiment.read("pretraining", pretraining, untrained);
  const base = await experiment.read("mid-training", midtraining, pretrained);
  await experiment.tune("fine-tuning", "fineTuning", base);
  await experiment.tune("cold start", "coldStart", base);
  if (grpo !== null) {
    await experiment.reinforce("GRPO from base", "coldStart", "cold start");
    await experiment.reinforce("GRPO from fine-tuned", "fineTuning", "fine-tuning");
  }
  return experiment.report;
}

class Experiment {
  report: ExperimentReport;
  readonly #options: ExperimentOptions;
  readonly #asking: Asking;
  readonly #questions: readonly Prompt[];

  constructor(options: ExperimentOptions) {
    const { settings, heldOut, backend, policy } = options;
    this.#options = options;
    this.report = {
      devices: [backend.description, policy.description],
      settings,
      stages: [],
      tuning: { coldStart: [], fineTuning: [] },
      grpo: { coldStart: [], fineTuning: [] },
    };
    this.#asking = {
      stopToken: heldOut.endOfTurn,
      maxNewTokens: settings.maxNewTokens,
      decode: (tokens) => textOf(heldOut.vocabulary, tokens),
      reward: rewardNumber,
    };
    this.#questions = heldOut.problems.slice(0, settings.questions).map(promptOf);
  }

  /** Asks the model of some weights. */
  async measure(stage: string, weights: Float32Array, started = performance.now()): Promise<void> {
    await this.#add(stage, await this.#ask(weights), started);
  }

  /** Trains on documents and asks the model; returns its weights. */
  async read(stage: string, settings: ReadingSettings, initialWeights: Float32Array): Promise<Float32Array> {
    const started = performance.now();
    await this.#train(stage, documentBatches(stage, settings, this.#options), settings, { initialWeights });
    const { weights } = await this.#options.backend.exportState();
    await this.measure(stage, weights, started);
    return weights;
  }

  /** Trains on conversations and asks the model on the way; keeps the one that GRPO goes on from. */
  async tune(stage: string, name: Tuning, initialWeights: Float32Array): Promise<void> {
    const { backend, settings: { [name]: settings, grpo, config }, onResult } = this.#options;
    const started = performance.now();
    const data = conversationBatches(stage, settings, this.#options);
    const points = [...settings.evaluateAt, Math.min(settings.schedule.totalSteps, data.steps)];
    const path = join(this.#directory(stage), CURVE_FILE);
    const log = await StepLog.open<AbilityAt>(path, Infinity);
    const afterStep = async (step: number) => {
      if (!points.includes(step)) return;
      const { weights } = await backend.exportState();
      const ability = await this.#ask(weights);
      log.append({ step, ...ability });
      onResult({ stage: `${stage}, update ${step}`, ...ability, seconds: secondsSince(started) });
      if (step === grpo?.from[name]) {
        await saveModel(join(this.#directory(stage), MODEL_FOLDER), config, weights);
      }
    };
    await this.#train(stage, data, settings, { initialWeights, afterStep });
    // A resumed run says again what it has repeated.
    const curve = [
      ...new Map((await readSteps<AbilityAt>(path)).map((point) => [point.step, point])).values(),
    ];
    await this.#save({ tuning: { ...this.report.tuning, [name]: curve } });
    await this.#add(stage, curve.at(-1), started);
  }

  async reinforce(name: string, from: Tuning, stage: string): Promise<void> {
    const { settings, settings: { grpo, seed, optimizer }, backend, policy, training, signal } =
      this.#options;
    if (grpo === null) return;
    const started = performance.now();
    const directory = this.#directory(name);
    const curve = async () => await readSteps<GrpoMetrics>(join(directory, GRPO_METRICS_FILE));
    try {
      await trainWithGrpo({
        name,
        backend,
        policy,
        initialWeights: (await loadModel(join(this.#directory(stage), MODEL_FOLDER))).weights,
        prompts: training.problems.map(promptOf),
        heldOut: this.#questions,
        asking: this.#asking,
        settings: { ...grpo, seed, optimizer },
        directory,
        fingerprint: fingerprint(settings),
        signal,
      });
    } finally {
      // A curve that was cut short tells something too.
      await this.#save({ grpo: { ...this.report.grpo, [from]: await curve() } });
    }
    await this.#add(name, (await curve()).findLast((entry) => entry.kind === "held out"), started);
  }

  async #train(
    stage: string,
    data: BatchSource,
    { schedule }: ReadingSettings | TuningSettings,
    run: Pick<TrainingRun, "initialWeights" | "afterStep">,
  ): Promise<void> {
    const { settings, backend, signal } = this.#options;
    const totalSteps = Math.min(schedule.totalSteps, data.steps);
    await train({
      ...run,
      stage,
      backend,
      data,
      schedule: { ...schedule, totalSteps },
      optimizer: settings.optimizer,
      probes: [],
      probeEvery: totalSteps,
      directory: this.#directory(stage),
      checkpointEvery: totalSteps,
      fingerprint: fingerprint(settings),
      signal,
    });
  }

  async #ask(weights: Float32Array): Promise<Ability> {
    await this.#options.policy.load(weights);
    return await score(this.#options.policy, this.#questions, this.#asking);
  }

  async #add(stage: string, ability: Ability | undefined, started: number): Promise<void> {
    // Every stage ends with a question.
    const { accuracy = NaN, meanLength = NaN } = ability ?? {};
    const result = { stage, accuracy, meanLength, seconds: secondsSince(started) };
    this.#options.onResult(result);
    await this.#save({ stages: [...this.report.stages, result] });
  }

  async #save(changes: Partial<ExperimentReport>): Promise<void> {
    this.report = { ...this.report, ...changes };
    await writeJson(join(this.#options.directory, REPORT_FILE), this.report);
  }

  #directory(stage: string): string {
    return join(this.#options.directory, stage.replaceAll(" ", "-"));
  }
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

function promptOf({ tokens, promptLength, gold }: EncodedProblem): Prompt {
  return { tokens: tokens.subarray(0, promptLength), gold: String(gold) };
}
