/**
 * The whole workbench once, from text to report.
 * @module
 */
import { join } from "node:path";
import { peakMemoryMB } from "../core/machine.ts";
import { engineSettings } from "./recipe/catalogue.ts";
import type { Run } from "./run.ts";
import { summariseTraining, type TrainingSummary } from "./training_summary.ts";
import { runStage } from "./stage.ts";
import { catalogueStage } from "./stages/catalogue.ts";
import { evaluationStage, type ProbeScore } from "./stages/evaluation.ts";
import { REPORT_FILE, reportStage } from "./stages/report.ts";

/** What `demo --json` prints. */
export interface DemoResult {
  readonly run: string;
  /** Wall time of this call; what was done before takes none. */
  readonly seconds: number;
  readonly peakMemoryMB: number;
  readonly sources: readonly {
    readonly name: string;
    readonly domain: string;
    readonly documents: number;
    /** Llama 3 tokens. */
    readonly tokens: number;
  }[];
  readonly stages: readonly TrainingSummary[];
  /** The pretrained model's perplexity, and the unigram model's, on each held-out probing set. */
  readonly probes: Readonly<Record<string, Pick<ProbeScore, "perplexity" | "unigram">>>;
  /** Path of the HTML report. */
  readonly report: string;
}

/** The phase that trains on the recipe's first mixture has a twin on equal shares: what the mixture is worth. */
const UNIFORM_STAGE = "pretrain-1-uniform";

/** Seeds of the demo's leave-one-out: what its time allows; `deno task loo` has the recipe's. */
const DEMO_SEEDS = 1;

/** Runs every stage that is not done. */
export async function runDemo(run: Run): Promise<DemoResult> {
  const started = performance.now();
  const { recipe, settings } = run;
  const corpus = await run.corpus();
  const curation = await run.curation();
  const shards = await run.shards();
  const leaveOneOut = await run.leaveOneOut(DEMO_SEEDS);
  const influence = await run.influence();
  const mixture1 = await run.mixture(recipe.pretrain1.mixture);
  const uniform = await run.pretraining(UNIFORM_STAGE, recipe.pretrain1, run.uniform());
  const [pretrain1, pretrained] = await run.pretrainingPhases();
  const { rounds, summary: midtraining } = await run.midtraining();
  const tuning = await run.fineTuning();
  const fineTuned = tuning.at(-1) as typeof pretrained; // There is at least one.
  const evaluation = await run.stage(
    "evaluation",
    () => evaluationStage(recipe, { corpus, shards, mixture: mixture1, pretrained, fineTuned }),
  );
  const training = [
    ...[pretrain1, pretrained],
    ...rounds.flatMap(({ trained }) => trained ?? []),
    ...tuning,
  ];
  const mixtures = [
    { stage: UNIFORM_STAGE, mixture: run.uniform() },
    { stage: "pretrain-1", mixture: mixture1 },
    { stage: "pretrain-2", mixture: await run.mixture(recipe.pretrain2.mixture) },
  ];
  await run.stage(
    "catalog",
    () =>
      catalogueStage({
        run: run.name,
        engine: engineSettings(recipe.catalogue, recipe.cpu.workers),
        specs: run.specs,
        corpus,
        mixtures,
        training: [uniform, ...training],
      }),
  );
  const report = await runStage(
    reportStage(recipe, {
      run: run.name,
      corpus,
      mixtures,
      training,
      evaluation,
      mixing: {
        curation,
        shards,
        leaveOneOut,
        influence,
        validation: await run.findValidation(),
        compared: { uniform, [mixture1.name]: pretrain1 },
      },
      midtraining,
      distillation: await run.findDistillation(),
      fineTuning: tuning,
      stages: run.finished,
    }),
    settings,
  );

  return {
    run: run.name,
    seconds: (performance.now() - started) / 1000,
    peakMemoryMB: peakMemoryMB(),
    sources: corpus.manifest.result.sources.map(({ name, domain, documents, tokens }) => ({
      name,
      domain,
      documents,
      tokens,
    })),
    stages: summariseTraining([uniform, ...training]),
    probes: Object.fromEntries(
      evaluation.manifest.result.probes.map((
        { name, perplexity, unigram },
      ) => [name, { perplexity, unigram }]),
    ),
    report: join(report.directory, REPORT_FILE),
  };
}
