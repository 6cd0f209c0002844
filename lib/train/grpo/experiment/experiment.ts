/**
 * A proxy through pretraining, mid-training and fine-tuning on word problems, asked held-out ones after each stage; then GRPO from the
 * mid-trained base, after a cold start that teaches it the format, and from the fine-tuned model.
 * @module
 */
import { join } from "node:path";
import type { TrainBackend } from "../../../backends/backend.ts";
import { freshState } from "../../../backends/state.ts";
import { fingerprint, writeJson } from "../../../core/artefacts.ts";
import { parseMixture } from "../../../core/mixture.ts";
import { initialise } from "../../../model/initialise.ts";
import type { BatchSource } from "../../../shards/batch.ts";
import { packConversations } from "../../../shards/conversations.ts";
import { Loader } from "../../../shards/loader.ts";
import type { Shards } from "../../../shards/reader.ts";
import { train } from "../../loop.ts";
import type { Schedule } from "../../schedule.ts";
import { type Asking, type Prompt, score } from "../answers.ts";
import { ForwardDecoder } from "../forward_decoder.ts";
import { GRPO_METRICS_FILE, type GrpoMetrics, trainWithGrpo } from "../grpo.ts";
import { readSteps } from "../step_log.ts";
import { conversationOf, type EncodedProblem, type ProblemSet, textOf } from "./problem_file.ts";
import { rewardNumber } from "./reward.ts";
import type { ExperimentSettings, ReadingSettings, TuningSettings } from "./settings.ts";

/** What the experiment is done on. */
export interface ExperimentOptions {
  readonly settings: ExperimentSettings;
  /** Of the settings' config. */
  readonly backend: TrainBackend;
  readonly sources: readonly Shards[];
  readonly training: ProblemSet;
  readonly heldOut: ProblemSet;
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Hears of every result as it comes. */
  readonly onResult: (result: StageResult) => void;
}

/** What a model of a stage can do. */
export interface StageResult {
  readonly stage: string;
  /** Share of held-out problems whose likeliest answer is right. */
  readonly accuracy: number;
  /** Tokens of an answer, on average. */
  readonly meanLength: number;
  readonly seconds: number;
}

/** The whole result. */
export interface ExperimentReport {
  readonly device: string;
  readonly settings: ExperimentSettings;
  readonly stages: readonly StageResult[];
  /** Learning curves. */
  readonly grpo: { readonly base: readonly GrpoMetrics[]; readonly fineTuned: readonly GrpoMetrics[] };
}

/** File of the report, in the experiment's directory; rewritten after every stage. */
export const REPORT_FILE = "report.json";

/** Runs what is not done yet, stage by stage. */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentReport> {
  const experiment = new Experiment(options);
  const { pretraining, midtraining, fineTuning, coldStart } = options.settings;
  await experiment.measure("untrained", initialise(options.settings.config, options.settings.seed));
  const pretrained = await experiment.train(
    "pretraining",
    experiment.documents("pretraining", pretraining),
    pretraining.schedule,
  );
  const base = await experiment.train(
    "mid-training",
    experiment.documents("mid-training", midtraining),
    midtraining.schedule,
    pretrained,
  );
  const tuned = await experiment.train(
    "fine-tuning",
    experiment.conversations("fine-tuning", fineTuning),
    fineTuning.schedule,
    base,
  );
  const started = await experiment.train(
    "cold start",
    experiment.conversations("cold start", coldStart),
    coldStart.schedule,
    base,
  );
  await experiment.reinforce("GRPO from base", "base", started);
  await experiment.reinforce("GRPO from fine-tuned", "fineTuned", tuned);
  return experiment.report;
}

class Experiment {
  report: ExperimentReport;
  readonly #options: ExperimentOptions;
  readonly #asking: Asking;
  readonly #questions: readonly Prompt[];

  constructor(options: ExperimentOptions) {
    const { settings, heldOut, backend } = options;
    this.#options = options;
    this.report = { device: backend.description, settings, stages: [], grpo: { base: [], fineTuned: [] } };
    this.#asking = {
      stopToken: heldOut.endOfTurn,
      maxNewTokens: settings.maxNewTokens,
      decode: (tokens) => textOf(heldOut.vocabulary, tokens),
      reward: rewardNumber,
    };
    this.#questions = heldOut.problems.slice(0, settings.questions).map(promptOf);
  }

  documents(stage: string, { mixture, schedule, sequencesPerBatch }: ReadingSettings): BatchSource {
    const { settings: { seed, length }, sources } = this.#options;
    return new Loader({
      mixture: parseMixture({
        name: stage,
        method: "given",
        sources: Object.entries(mixture).map(([name, weight]) => ({ name, weight })),
        tokenizer: null,
        proxy: null,
        tokenBudget: null,
        caps: { maxEpochs: null },
        createdFrom: "the experiment's settings",
      }, "settings"),
      sources,
      seed,
      stage,
      length,
      sequencesPerBatch,
      steps: schedule.totalSteps,
    });
  }

  conversations(stage: string, { problems, epochs, sequencesPerBatch }: TuningSettings): BatchSource {
    const { settings: { seed, length }, training } = this.#options;
    return packConversations(training.problems.slice(0, problems).map(conversationOf), length, {
      seed,
      stage,
      sequencesPerBatch,
      epochs,
      packing: "best fit",
      longer: "leave out",
    });
  }

  /** Trains a stage and asks its model; returns the weights. */
  async train(
    stage: string,
    data: BatchSource,
    schedule: Schedule,
    initialWeights?: Float32Array,
  ): Promise<Float32Array> {
    const { settings, backend, directory, signal } = this.#options;
    const started = performance.now();
    const totalSteps = Math.min(schedule.totalSteps, data.steps);
    await train({
      stage,
      backend,
      data,
      schedule: { ...schedule, totalSteps },
      optimizer: settings.optimizer,
      probes: [],
      probeEvery: totalSteps,
      initialWeights: initialWeights ?? initialise(settings.config, settings.seed),
      directory: join(directory, stage.replaceAll(" ", "-")),
      checkpointEvery: totalSteps,
      fingerprint: fingerprint(settings),
      signal,
    });
    const { weights } = await backend.exportState();
    await this.measure(stage, weights, started);
    return weights;
  }

  /** Asks the model of some weights. */
  async measure(stage: string, weights: Float32Array, started = performance.now()): Promise<void> {
    const { backend, onResult } = this.#options;
    await backend.importState(freshState(weights));
    const result = {
      stage,
      ...await score(this.#decoder(), this.#questions, this.#asking),
      seconds: (performance.now() - started) / 1000,
    };
    onResult(result);
    await this.#save({ ...this.report, stages: [...this.report.stages, result] });
  }

  async reinforce(name: string, curve: keyof ExperimentReport["grpo"], weights: Float32Array): Promise<void> {
    const { settings, backend, training, directory, signal } = this.#options;
    const started = performance.now();
    const own = join(directory, name.replaceAll(" ", "-"));
    await trainWithGrpo({
      name,
      backend,
      initialWeights: weights,
      openPolicy: () => Promise.resolve(this.#decoder()),
      prompts: training.problems.map(promptOf),
      heldOut: this.#questions,
      asking: this.#asking,
      settings: { ...settings.grpo, seed: settings.seed, optimizer: settings.optimizer },
      directory: own,
      fingerprint: fingerprint(settings),
      signal,
    });
    const metrics = await readSteps<GrpoMetrics>(join(own, GRPO_METRICS_FILE));
    await this.#save({ ...this.report, grpo: { ...this.report.grpo, [curve]: metrics } });
    await this.measure(name, (await backend.exportState()).weights, started);
  }

  #decoder(): ForwardDecoder {
    const { grpo, length } = this.#options.settings;
    return new ForwardDecoder(this.#options.backend, {
      slots: grpo.promptsPerStep * grpo.generationsPerPrompt,
      capacity: length,
    });
  }

  async #save(report: ExperimentReport): Promise<void> {
    this.report = report;
    await writeJson(join(this.#options.directory, REPORT_FILE), report);
  }
}

function promptOf({ tokens, promptLength, gold }: EncodedProblem): Prompt {
  return { tokens: tokens.subarray(0, promptLength), gold: String(gold) };
}
