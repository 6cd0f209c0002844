/**
 * One seed of the planted truth: a proxy trained on all sources, their influence, and proxies trained without each of them.
 * @module
 */
import { join } from "node:path";
import type { TrainBackend } from "../../backends/backend.ts";
import type { InfluenceBackend } from "../../backends/influence.ts";
import { meanOf } from "../../core/statistics.ts";
import { withoutExactDuplicates } from "../../curation/exact.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { MODEL_SIZES, type ModelConfig } from "../../model/config.ts";
import type { Document } from "../../sources/document.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import { documentBatches } from "../documents.ts";
import { influenceOverCheckpoints } from "../influence.ts";
import { jointInfluence } from "../joint.ts";
import type { ProxyTraining } from "../proxy.ts";
import { retrain, type Retraining } from "../validation/retraining.ts";
import { influenceWeights } from "../weights.ts";
import { type Capability, type Pieces, plantedCorpus, PROBED } from "./corpus.ts";

/** How large the experiment is. */
export interface PlantedSettings {
  /** Candidates of each source. */
  readonly documents: number;
  /** Probe documents of each capability. */
  readonly probeDocuments: number;
  /** Updates of each proxy. */
  readonly steps: number;
}

/** About a minute a seed on two cores. */
export const FULL_SETTINGS: PlantedSettings = {
  documents: 48,
  probeDocuments: 48,
  steps: 180,
};

/** Of the proxies' tokens. */
export const TOKENIZER = "llama3-1024";

/** 0.1M parameters. */
export const CONFIG: ModelConfig = {
  ...MODEL_SIZES["140m"],
  vocabularySize: 1024,
  width: 64,
  layers: 1,
  heads: 2,
  keyValueHeads: 1,
  headSize: 32,
  feedForwardWidth: 128,
  ropeTheta: 1e4,
  initializerRange: 0.05,
};

/** Characters of a document at most, and its targets at most: the text of all but a few of them is used whole. */
export const CHARACTERS = 160, LENGTH = 96;

const SEQUENCES_PER_BATCH = 8, CHECKPOINTS = 3;

/** One source's influence on one capability. */
export interface SourceDensity {
  readonly source: string;
  /** ρ, from the scores of this capability alone. */
  readonly density: number;
  /** Of ρ, over documents. */
  readonly standardError: number;
}

/** One capability's answers. */
export interface PlantedProbe {
  readonly probe: Capability;
  readonly influence: readonly SourceDensity[];
  /** The same by TracIn's plain product of gradients. */
  readonly gradientProduct: readonly SourceDensity[];
  /** Δ: how much higher the loss is without the source, in nats per token. */
  readonly leaveOneOut: readonly { readonly source: string; readonly impact: number }[];
}

/** What one seed says. */
export interface PlantedSeed {
  readonly seed: number;
  readonly probes: readonly PlantedProbe[];
  /** Joint ρ where one source is there twice. */
  readonly copied: { readonly original: SourceDensity; readonly copy: SourceDensity };
  /** Weights from the corpus without the copy, and from the one whose copy deduplication took away. */
  readonly weights: { readonly without: readonly number[]; readonly deduplicated: readonly number[] };
}

/** What the seeds share. */
export interface PlantedMachinery {
  readonly train: TrainBackend;
  readonly influence: InfluenceBackend;
  readonly tokenizer: Tokenizer;
  readonly pieces: Pieces;
  /** Each seed has a directory of its own in it. */
  readonly directory: string;
  /** Of the code. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/**
 * Runs a seed, or what is missing of it.
 *
 * @throws {UsageError} where a source has too few pieces.
 * @throws {InterruptedError} on the signal.
 */
export async function plantedSeed(
  machinery: PlantedMachinery,
  settings: PlantedSettings,
  seed: number,
): Promise<PlantedSeed> {
  const { tokenizer, pieces } = machinery;
  const { probes, candidates, copy } = plantedCorpus(pieces, seed, settings);
  const encode = (text: string) => tokenizer.encode(text);
  const probeTokens = PROBED.map((probe) => probes[probe].map(encode));
  const retraining: Retraining = {
    backend: machinery.train,
    training: trainingOf(settings),
    length: LENGTH,
    sequencesPerBatch: SEQUENCES_PER_BATCH,
    probes: probeTokens.flat(),
    directory: join(machinery.directory, `seed-${seed}`),
    fingerprint: machinery.fingerprint,
    signal: machinery.signal,
  };
  const train = (name: string, documents: readonly Document[], keptModels: number) =>
    retrain(retraining, name, seed, documents.map(({ text }) => encode(text)), keptModels);
  const score = async (name: string, documents: readonly Document[]) => {
    const { models, losses } = await train(name, documents, CHECKPOINTS);
    machinery.signal.throwIfAborted();
    return { losses, ...await scoresOf(machinery, models, probeTokens, documents) };
  };

  const without = await score("all", candidates);
  const copied = await score("copied", [...candidates, ...copy.documents]);
  const deduplicated = await score(
    "deduplicated",
    await Array.fromAsync(withoutExactDuplicates(stream([...candidates, ...copy.documents]))),
  );
  const left: { source: string; losses: readonly number[] }[] = [];
  for (const source of new Set(candidates.map(({ source }) => source))) {
    const documents = candidates.filter((document) => document.source !== source);
    left.push({ source, losses: (await train(`without-${source}`, documents, 0)).losses });
  }

  const densityOf = (name: string) =>
    // The copied corpus has both.
    copied.joint.find(({ source }) => source === name) as SourceDensity;
  return {
    seed,
    probes: PROBED.map((probe, i) => ({
      probe,
      influence: without.influence[i] ?? [],
      gradientProduct: without.gradientProduct[i] ?? [],
      leaveOneOut: left.map(({ source, losses }) => ({
        source,
        impact: meanOf(
          losses.map((loss, q) => loss - (without.losses[q] ?? NaN))
            .slice(i * settings.probeDocuments, (i + 1) * settings.probeDocuments),
        ),
      })),
    })),
    copied: { original: densityOf(copy.of), copy: densityOf(copy.source) },
    weights: { without: without.weights, deduplicated: deduplicated.weights },
  };
}

async function* stream(documents: readonly Document[]): AsyncGenerator<Document> {
  yield* documents;
}

function trainingOf({ steps }: PlantedSettings): ProxyTraining {
  return {
    config: CONFIG,
    schedule: { peak: 5e-3, warmupSteps: 10, totalSteps: steps, decay: "linear", floor: 0.1 },
    optimizer: {
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0.1,
      decayedKinds: ["linear"],
      maxGradientNorm: 1,
    },
    checkpointEvery: steps,
  };
}

/** Densities of every source for each capability and for all of them, and the weights of these. */
async function scoresOf(
  { influence: backend, tokenizer }: PlantedMachinery,
  models: readonly string[],
  probes: readonly (readonly Uint32Array[])[],
  documents: readonly Document[],
) {
  const batchesOf = (tokens: readonly Uint32Array[]) => documentBatches(tokens, LENGTH, SEQUENCES_PER_BATCH);
  const { batches, tokens } = batchesOf(documents.map(({ text }) => tokenizer.encode(text)));
  const { influence, gradientProduct } = await influenceOverCheckpoints(
    backend,
    [{
      probes: PROBED.map((name, i) => ({
        name,
        sources: [name],
        batches: batchesOf(probes[i] ?? []).batches,
      })),
      checkpoints: models.map((directory) => async () => (await loadModel(directory)).weights),
    }],
    batches,
    (_checkpoint, score) => score(),
  );
  const sources = documents.map(({ source }) => source);
  const densities = (scores: Parameters<typeof jointInfluence>[1]) =>
    densitiesOf(sources, tokens, jointInfluence(sources, scores).joint);
  const candidates = sources.map((source, i) => ({ source, tokens: tokens[i] ?? 0 }));
  const { joint } = jointInfluence(sources, influence);
  return {
    influence: influence.map((capability) => densities([capability])),
    gradientProduct: gradientProduct.map((capability) => densities([capability])),
    joint: densities(influence),
    weights: influenceWeights(candidates, joint, 0).map(({ weight }) => weight),
  };
}

/** ρ = Σ I·s / Σ s of each source, and its standard error over documents, √(Σ s²(I − ρ)²) / Σ s. */
function densitiesOf(
  sources: readonly string[],
  tokens: readonly number[],
  scores: Float64Array,
): SourceDensity[] {
  return [...new Set(sources)].map((source) => {
    const own = sources.flatMap((name, x) =>
      name === source ? [{ score: scores[x] ?? NaN, tokens: tokens[x] ?? NaN }] : []
    );
    const total = own.reduce((sum, { tokens }) => sum + tokens, 0);
    const density = own.reduce((sum, { score, tokens }) => sum + score * tokens, 0) / total;
    const squares = own.reduce((sum, { score, tokens }) => sum + (tokens * (score - density)) ** 2, 0);
    return { source, density, standardError: Math.sqrt(squares) / total };
  });
}
