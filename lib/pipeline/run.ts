/**
 * One run of a recipe: its stages, each with what it needs before it. Asking for a stage runs what is not done of the way to it.
 * @module
 */
import { type Mixture, uniformMixture } from "../core/mixture.ts";
import { UsageError } from "../core/errors.ts";
import { loadMixture } from "../mixture/load.ts";
import { conversationSource } from "../sources/conversations.ts";
import { type SourceSpec, sourceSpec } from "../sources/spec.ts";
import { type Midtraining, runMidtraining } from "./midtraining.ts";
import { openTemplate } from "../tokenizer/chat.ts";
import type { Recipe } from "./recipe.ts";
import { findStage, type FinishedStage, type RunSettings, runStage, type Stage } from "./stage.ts";
import { type ComparisonResult, comparisonStage } from "./stages/comparison.ts";
import { type CorpusResult, corpusStage } from "./stages/corpus.ts";
import { type CurationResult, curationStage } from "./stages/curation.ts";
import { type DistillationResult, distillationStage } from "./stages/distillation.ts";
import { domainProxiesStage } from "./stages/domain_proxies.ts";
import { type InfluenceResult, influenceStage } from "./stages/influence.ts";
import { type LeaveOneOutResult, leaveOneOutStage } from "./stages/leave_one_out.ts";
import { pretrainingStage } from "./stages/pretraining.ts";
import type { ProxyRecord } from "./stages/proxies.ts";
import { type SampledMixturesResult, sampledMixturesStage } from "./stages/sampled_mixtures.ts";
import { type FineTuningInputs, type FineTuningKind, sftStage, tuningStageName } from "./stages/sft.ts";
import { importedModel, modelOfStage, type StartingModel } from "./stages/starting_model.ts";
import { type ShardsResult, shardsStage } from "./stages/shards.ts";
import { type ValidationResult, validationStage } from "./stages/validation.ts";
import type { TrainingResult, TrainingStage } from "./stages/training.ts";
import { findTrained, torchStageName, type Trainer } from "./trainer.ts";

/** The stages of a run, each at most once. */
export class Run {
  /** What was asked for so far, in the order in which it was done. */
  readonly finished: FinishedStage<unknown>[] = [];
  readonly #stages = new Map<string, Promise<FinishedStage<unknown>>>();

  private constructor(
    readonly name: string,
    readonly recipe: Recipe,
    readonly settings: RunSettings,
    readonly specs: readonly SourceSpec[],
    private readonly torch: Trainer | undefined,
  ) {}

  /**
   * @param name Its name; everything lies under `settings.root`.
   * @param torch Trains what the recipe's trainer "torch" is to train; absent: that has to be there.
   * @throws {UsageError} for an unknown source or one named twice, a mixture file or a chat template that is none, before anything runs.
   */
  static async open(name: string, recipe: Recipe, settings: RunSettings, torch?: Trainer): Promise<Run> {
    const specs = await Promise.all(recipe.sources.map(sourceSpec));
    const names = specs.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new UsageError(`The recipe's sources name "${twice}" twice.`);
    const run = new Run(name, recipe, settings, specs, torch);
    for (const { mixture } of [recipe.pretrain1, recipe.pretrain2]) {
      if (mixture !== "influence") await loadMixture(mixture);
    }
    for (
      const { sources, template } of [recipe.sft, ...(recipe.reasoning === null ? [] : [recipe.reasoning])]
    ) {
      await Promise.all(sources.map(conversationSource));
      await openTemplate(template);
    }
    return run;
  }

  corpus(): Promise<FinishedStage<CorpusResult>> {
    return this.stage("corpus", () => corpusStage(this.specs));
  }

  curation(): Promise<FinishedStage<CurationResult>> {
    return this.stage("curation", async () => curationStage(this.recipe, this.specs, await this.corpus()));
  }

  shards(): Promise<FinishedStage<ShardsResult>> {
    return this.stage("shards", async () => {
      const [corpus, curation] = [await this.corpus(), await this.curation()];
      return shardsStage(this.recipe, { corpus, curation });
    });
  }

  /** @param seeds Other than the recipe's: a stage of its own. */
  leaveOneOut(seeds = this.recipe.leaveOneOut.seeds): Promise<FinishedStage<LeaveOneOutResult>> {
    const { leaveOneOut } = this.recipe;
    const name = seeds === leaveOneOut.seeds ? "leave-one-out" : `leave-one-out-${seeds}`;
    const recipe = { ...this.recipe, leaveOneOut: { ...leaveOneOut, seeds } };
    return this.stage(name, async () => leaveOneOutStage(name, recipe, await this.#proxyInputs()));
  }

  domainProxies(): Promise<FinishedStage<ProxyRecord[]>> {
    return this.stage(
      "domain-proxies",
      async () => domainProxiesStage(this.recipe, await this.#proxyInputs()),
    );
  }

  influence(): Promise<FinishedStage<InfluenceResult>> {
    return this.stage("influence", async () => {
      const [curation, proxies] = [await this.curation(), await this.domainProxies()];
      return influenceStage(this.name, this.recipe, { curation, proxies });
    });
  }

  validation(): Promise<FinishedStage<ValidationResult>> {
    return this.stage("validation", async () => validationStage(this.recipe, await this.curation()));
  }

  /** The validation that someone asked for; undefined: nobody did. */
  async findValidation(): Promise<FinishedStage<ValidationResult> | undefined> {
    return await findStage(validationStage(this.recipe, await this.curation()), this.settings);
  }

  sampledMixtures(): Promise<FinishedStage<SampledMixturesResult>> {
    return this.stage(
      "sampled-mixtures",
      async () => sampledMixturesStage(this.recipe, await this.#proxyInputs()),
    );
  }

  comparison(): Promise<FinishedStage<ComparisonResult>> {
    return this.stage("comparison", async () => {
      const inputs = await this.#proxyInputs();
      const [leaveOneOut, influence] = [await this.leaveOneOut(), await this.influence()];
      const sampled = await this.sampledMixtures();
      const corpus = await this.corpus();
      return comparisonStage(this.recipe, { ...inputs, corpus, leaveOneOut, influence, sampled });
    });
  }

  /** Pretraining on a mixture, by the backend. */
  pretraining(
    name: string,
    settings: Recipe["pretrain1"],
    mixture: Mixture,
  ): Promise<FinishedStage<TrainingResult>> {
    return this.stage(name, () => this.#pretrainingStage(name, settings, mixture));
  }

  /** Both phases of pretraining on the recipe's mixtures. */
  async pretrainingPhases(): Promise<[FinishedStage<TrainingResult>, FinishedStage<TrainingResult>]> {
    const { pretrain1, pretrain2 } = this.recipe;
    const phase = (name: string, settings: Recipe["pretrain1"], previous?: FinishedStage<TrainingResult>) =>
      this.training(name, async () => {
        const mixture = await this.mixture(settings.mixture);
        return await this.#pretrainingStage(name, settings, mixture, previous);
      });
    const first = await phase("pretrain-1", pretrain1);
    return [first, await phase("pretrain-2", pretrain2, first)];
  }

  async #pretrainingStage(
    name: string,
    settings: Recipe["pretrain1"],
    mixture: Mixture,
    previous?: FinishedStage<TrainingResult>,
  ): Promise<TrainingStage> {
    const inputs = { corpus: await this.corpus(), shards: await this.shards(), mixture };
    return pretrainingStage(name, this.recipe, settings, { ...inputs, ...(previous && { previous }) });
  }

  /** The pretrained model. */
  async pretrained(): Promise<FinishedStage<TrainingResult>> {
    return (await this.pretrainingPhases())[1];
  }

  /** Rounds of compression and training, from the pretrained model on. */
  async midtraining(): Promise<Midtraining> {
    return await runMidtraining(this, await this.pretrained());
  }

  /** Fine-tuning of the mid-trained model: the stages, in their order; the reasoning stage where the recipe has one. */
  async fineTuning(): Promise<FinishedStage<TrainingResult>[]> {
    const { model } = await this.midtraining();
    const text = { corpus: await this.corpus(), shards: await this.shards() };
    return await this.#fineTuningOf(modelOfStage(model), text);
  }

  /**
   * The same of an imported model, with its own tokenizer and chat template.
   *
   * @throws {UsageError} where the directory is no model of transformers, or has neither.
   */
  async fineTuningOf(directory: string): Promise<FinishedStage<TrainingResult>[]> {
    return await this.#fineTuningOf(await importedModel(directory), null);
  }

  async #fineTuningOf(
    start: StartingModel,
    text: FineTuningInputs["text"],
  ): Promise<FinishedStage<TrainingResult>[]> {
    const { imported } = start;
    const tune = (kind: FineTuningKind, start: StartingModel) =>
      this.stage(tuningStageName(kind, imported), () => sftStage(this.recipe, { text, start }, kind));
    const general = await tune("sft", start);
    if (this.recipe.reasoning === null) return [general];
    return [general, await tune("reasoning", modelOfStage(general, imported))];
  }

  /** Proxies with and without the pretrained model as their teacher. */
  distillation(): Promise<FinishedStage<DistillationResult>> {
    return this.stage("distillation", () => this.#distillationStage());
  }

  /** The comparison with a teacher that someone asked for; undefined: nobody did. */
  async findDistillation(): Promise<FinishedStage<DistillationResult> | undefined> {
    return await findStage(await this.#distillationStage(), this.settings);
  }

  async #distillationStage(): Promise<Stage<DistillationResult>> {
    const pretrained = await this.pretrained();
    return distillationStage(this.recipe, { ...await this.#proxyInputs(), pretrained });
  }

  /** The mixture that a recipe names. */
  async mixture(name: string): Promise<Mixture> {
    return name === "influence" ? (await this.influence()).manifest.result.mixture : await loadMixture(name);
  }

  /** All sources alike. */
  uniform(): Mixture {
    return uniformMixture(this.specs.map(({ name }) => name), this.recipe.tokenizer);
  }

  /** Any stage, with what it needs; asked for twice, it runs once. */
  stage<Result>(
    name: string,
    make: () => Stage<Result> | Promise<Stage<Result>>,
  ): Promise<FinishedStage<Result>> {
    return this.#once(name, async () => await runStage(await make(), this.settings));
  }

  /**
   * A stage of training, by the recipe's trainer.
   *
   * @throws {UsageError} as {@link findTrained}, where that is "torch" and the run was opened without it.
   */
  training(name: string, make: () => Promise<TrainingStage>): Promise<FinishedStage<TrainingResult>> {
    if (this.recipe.trainer === "own") return this.stage(name, make);
    return this.#once(torchStageName(name), async () => {
      const own = await make();
      return this.torch === undefined
        ? await findTrained(own, this.settings)
        : await runStage(this.torch(own, this.recipe), this.settings);
    });
  }

  #once<Result>(
    name: string,
    finish: () => Promise<FinishedStage<Result>>,
  ): Promise<FinishedStage<Result>> {
    const started = this.#stages.get(name) ?? (async () => {
      const finished = await finish();
      this.finished.push(finished);
      return finished;
    })();
    this.#stages.set(name, started);
    return started as Promise<FinishedStage<Result>>; // A name has one type of result.
  }

  async #proxyInputs() {
    return { curation: await this.curation(), shards: await this.shards() };
  }
}
