/**
 * Stage "distillation": proxies that learn from the run's pretrained model, a larger one, against the same proxies without a teacher:
 * equal seeds, data, order and tokens, so that the difference of a pair is the teacher's.
 * @module
 */
import { join } from "node:path";
import { uniformMixture } from "../../core/mixture.ts";
import { type Estimate, meanOf, tInterval } from "../../core/statistics.ts";
import { trainProxy } from "../../mixture/proxy.ts";
import { Loader } from "../../shards/loader.ts";
import { openShards } from "../../shards/reader.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import { openModelTeacher } from "../../train/distillation/model_teacher.ts";
import { learnFrom } from "../../train/distillation/teacher.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { ProxyInputs } from "./domain_proxies.ts";
import { openCuratedProbes } from "./probing.ts";
import { proxyRecipe, proxyTraining } from "./proxies.ts";
import { trainPath } from "./shards.ts";
import { modelPath, recipeBackend, type TrainingResult } from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** One capability's losses at the end, in nats per token. */
export interface DistillationEffect {
  readonly probe: string;
  /** Mean over seeds, without a teacher. */
  readonly crossEntropy: number;
  /** With one. */
  readonly distilled: number;
  /** distilled − crossEntropy over pairs of equal seed, with its 95% interval: below 0 the teacher helps. */
  readonly difference: Estimate;
}

/** The stage's result. */
export interface DistillationResult {
  readonly seeds: number;
  /** Tokens of each proxy. */
  readonly tokens: number;
  /** Tells the teacher from every other. */
  readonly teacher: string;
  readonly effects: readonly DistillationEffect[];
}

/** The stage over a pretrained model. */
export function distillationStage(
  recipe: Recipe,
  inputs: ProxyInputs & { readonly pretrained: FinishedStage<TrainingResult> },
): Stage<DistillationResult> {
  const { distillation, teacher: { topK, temperature, direction, crossEntropyShare } } = recipe.midtrain;
  return {
    name: "distillation",
    recipe: {
      ...proxyRecipe(recipe),
      ...{ distillation, topK, temperature, direction, crossEntropyShare },
      overlap: recipe.curation.overlap,
    },
    inputs: {
      curation: inputs.curation.manifest.digest,
      shards: inputs.shards.manifest.digest,
      pretrained: inputs.pretrained.manifest.digest,
    },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [METRICS_FILE],
    run: (context) => compare(recipe, inputs, context),
  };
}

async function compare(
  recipe: Recipe,
  { curation, shards, pretrained }: ProxyInputs & { readonly pretrained: FinishedStage<TrainingResult> },
  { directory, fingerprint, signal }: StageContext,
): Promise<DistillationResult> {
  const { seed: first, midtrain, proxy: { length, sequences }, cpu: { workers, blas } } = recipe;
  const { distillation: { steps, seeds }, teacher: { topK, ...settings } } = midtrain;
  const training = await proxyTraining(recipe, steps);
  const probes = await openCuratedProbes(recipe, curation, recipe.proxy);
  const names = shards.manifest.result.train.map(({ source }) => source);
  const sources = await Promise.all(names.map((name) => openShards(trainPath(shards.directory, name))));
  const { vocabularySize } = await openTokenizer(recipe.tokenizer);
  await using teacher = await openModelTeacher(modelPath(pretrained), {
    ...{ backend: recipe.backend, blas, topK, vocabularySize },
    ...(workers !== null && { workers }),
  });
  await using backend = await recipeBackend(recipe, training.config);
  const losses = async (name: string, seed: number, taught: boolean) => {
    const trained = await trainProxy(backend, {
      ...{ name, seed, training, probes, probePoints: 1, keptModels: 0, fingerprint, signal },
      data: new Loader({
        mixture: uniformMixture(names, recipe.tokenizer),
        ...{ sources, seed, stage: "proxy", length, sequencesPerBatch: sequences, steps },
      }),
      ...(taught && { prepare: learnFrom(teacher, settings) }),
      directory: join(directory, name),
    });
    return new Map(
      trained.losses.filter(({ step }) => step === steps)
        .map(({ probe, negativeLogLikelihood }) => [probe, negativeLogLikelihood]),
    );
  };
  const pairs: Record<"crossEntropy" | "distilled", ReadonlyMap<string, number>>[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    pairs.push({
      crossEntropy: await losses(`seed-${seed}-cross-entropy`, seed, false),
      distilled: await losses(`seed-${seed}-distilled`, seed, true),
    });
  }
  for (const source of sources) source[Symbol.dispose]();
  return {
    seeds,
    tokens: steps * sequences * length,
    teacher: teacher.name,
    effects: probes.map(({ name: probe }) => {
      const of = (arm: "crossEntropy" | "distilled") => pairs.map((pair) => pair[arm].get(probe) ?? NaN);
      const crossEntropy = of("crossEntropy"), distilled = of("distilled");
      return {
        probe,
        crossEntropy: meanOf(crossEntropy),
        distilled: meanOf(distilled),
        difference: tInterval(distilled.map((loss, i) => loss - (crossEntropy[i] as number))), // As many.
      };
    }),
  };
}
