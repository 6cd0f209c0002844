/**
 * Training proxies as a part of a stage: their model, their schedule, and what is left of each of them.
 * @module
 */
import { join } from "node:path";
import { writeJson } from "../../core/artefacts.ts";
import type { Mixture } from "../../core/mixture.ts";
import { MODEL_SIZES, type ModelConfig } from "../../model/config.ts";
import { type ProbeLoss, type ProxyTraining, trainProxy } from "../../mixture/proxy.ts";
import { PROXIES_FILE } from "../../mixture/run_files.ts";
import { Loader } from "../../shards/loader.ts";
import { openShards } from "../../shards/reader.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Probe } from "../../train/probe.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, StageContext } from "../stage.ts";
import { type ShardsResult, trainPath } from "./shards.ts";
import { recipeBackend } from "./training.ts";

/** A proxy as {@link PROXIES_FILE} has it: what it was trained on, and what came of it. */
export interface ProxyRecord {
  readonly name: string;
  readonly seed: number;
  readonly mixture: Mixture;
  readonly losses: readonly ProbeLoss[];
}

/** Settings that every proxy's bits depend on. */
export function proxyRecipe({ seed, tokenizer, backend, cpu, optimizer, proxy }: Recipe) {
  return { seed, tokenizer, backend, blas: cpu.blas, optimizer, proxy };
}

/** The proxies' model for people, and for mixtures that are valid for its like. */
export function describeProxy({ proxy: { model } }: Recipe): string {
  return `${model.layers} layers, width ${model.width}`;
}

/** The proxies' model. */
export async function proxyModel({ proxy, tokenizer }: Recipe): Promise<ModelConfig> {
  const { vocabularySize } = await openTokenizer(tokenizer);
  return { ...MODEL_SIZES["140m"], ...proxy.model, vocabularySize };
}

/** How proxies of so many updates are trained. */
export async function proxyTraining(recipe: Recipe, steps: number): Promise<ProxyTraining> {
  const { learningRate, warmupRatio, decay, floor, weightDecay, checkpointEvery } = recipe.proxy;
  return {
    config: await proxyModel(recipe),
    schedule: {
      peak: learningRate,
      warmupSteps: Math.round(steps * warmupRatio),
      totalSteps: steps,
      decay,
      floor,
    },
    optimizer: { ...recipe.optimizer, weightDecay, decayedKinds: ["linear"] },
    checkpointEvery,
  };
}

/** One proxy of a stage. */
export interface PlannedProxy {
  readonly name: string;
  readonly seed: number;
  readonly mixture: Mixture;
}

/** What all proxies of a stage have in common. */
export interface ProxySet {
  readonly proxies: readonly PlannedProxy[];
  readonly shards: FinishedStage<ShardsResult>;
  readonly probes: (proxy: PlannedProxy) => readonly Probe[];
  /** Updates of each. */
  readonly steps: number;
  /** How often the probes are scored along training. */
  readonly probePoints: number;
  /** Models kept of each, evenly spaced. */
  readonly keptModels: number;
}

/**
 * Trains what is not yet trained, each proxy in a folder of its name, and writes {@link PROXIES_FILE}.
 *
 * A proxy's seed is that of its initial weights and of its order of data.
 */
export async function trainProxies(
  recipe: Recipe,
  { proxies, shards, probes, steps, probePoints, keptModels }: ProxySet,
  { directory, fingerprint, signal }: StageContext,
): Promise<ProxyRecord[]> {
  const { length, sequences } = recipe.proxy;
  const training = await proxyTraining(recipe, steps);
  const names = new Set(proxies.flatMap(({ mixture }) => mixture.sources.map(({ name }) => name)));
  const sources = await Promise.all([...names].map((name) => openShards(trainPath(shards.directory, name))));
  await using backend = await recipeBackend(recipe, training.config);
  const records: ProxyRecord[] = [];
  for (const proxy of proxies) {
    const { name, seed, mixture } = proxy;
    const { losses } = await trainProxy(backend, {
      name,
      seed,
      training,
      data: new Loader({
        mixture,
        sources,
        seed,
        stage: "proxy",
        length,
        sequencesPerBatch: sequences,
        steps,
      }),
      probes: probes(proxy),
      probePoints,
      keptModels,
      directory: join(directory, name),
      fingerprint,
      signal,
    });
    records.push({ name, seed, mixture, losses });
  }
  for (const source of sources) source[Symbol.dispose]();
  await writeJson(join(directory, PROXIES_FILE), records);
  return records;
}
