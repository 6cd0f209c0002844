/**
 * What a model trained on other documents would lose: the truth that influence predicts.
 * @module
 */
import { join } from "node:path";
import type { TokenBatch, TrainBackend } from "../../backends/backend.ts";
import { exists, fingerprint, writeJson } from "../../core/artefacts.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { documentBatches } from "../documents.ts";
import { type ProxyTraining, trainProxy } from "../proxy.ts";
import { DocumentLoader } from "./document_loader.ts";

/** What all proxies of a comparison share. */
export interface Retraining {
  /** Of the proxies' config; its state is replaced. */
  readonly backend: TrainBackend;
  readonly training: ProxyTraining;
  /** Targets of a document at most. */
  readonly length: number;
  /** Documents of a batch. */
  readonly sequencesPerBatch: number;
  /** Documents that every proxy is scored on: token ids. */
  readonly probes: readonly Uint32Array[];
  /** Each proxy has a directory of its own in it. */
  readonly directory: string;
  /** Of what else the bits depend on: code. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/** A proxy that has been scored. */
export interface Retrained {
  /** Mean negative log-likelihood per target of each probe document, in nats. */
  readonly losses: readonly number[];
  /** Directories of the kept models, in the order of training. */
  readonly models: readonly string[];
}

const LOSSES_FILE = "losses.json";

/**
 * Trains a proxy on some documents and scores it on the probe documents, or reads what an earlier call found.
 *
 * @param name Names its directory; two proxies with one name are one proxy.
 * @param seed Of the initial weights and of the documents' order.
 * @param keptModels Evenly spaced models that are kept; 0 leaves none on the disk.
 * @throws {RunError} where the directory holds another proxy, or training diverges.
 * @throws {InterruptedError} on the signal, after saving a checkpoint.
 */
export async function retrain(
  retraining: Retraining,
  name: string,
  seed: number,
  documents: readonly Uint32Array[],
  keptModels = 0,
): Promise<Retrained> {
  const { backend, training, length, sequencesPerBatch, probes, signal } = retraining;
  const directory = join(retraining.directory, name);
  const { models } = await trainProxy(backend, {
    name,
    seed,
    training,
    data: new DocumentLoader({
      documents,
      seed,
      length,
      sequencesPerBatch,
      steps: training.schedule.totalSteps,
    }),
    probes: [],
    probePoints: 1,
    // A proxy that was trained earlier but not scored has to be read.
    keptModels: Math.max(1, keptModels),
    directory,
    fingerprint: fingerprint([retraining.fingerprint, length, probes.map((probe) => probe.join())]),
    signal,
  });
  const path = join(directory, LOSSES_FILE);
  if (!await exists(path)) {
    await loadWeights(backend, (await loadModel(models.at(-1) as string)).weights); // At least one is kept.
    const { batches } = documentBatches(probes, length, sequencesPerBatch);
    await writeJson(path, await documentLosses(backend, batches));
  }
  if (keptModels === 0) {
    await Deno.remove(join(directory, "models"), { recursive: true }).catch((error) => {
      // An earlier call has removed them.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  return { losses: JSON.parse(await Deno.readTextFile(path)), models: keptModels === 0 ? [] : models };
}

/** Gives a backend these weights [parameters], and fresh moments. */
export async function loadWeights(backend: TrainBackend, weights: Float32Array): Promise<void> {
  const [firstMoment, secondMoment] = [new Float32Array(weights.length), new Float32Array(weights.length)];
  await backend.importState({ step: 0, weights, firstMoment, secondMoment });
}

/** Mean negative log-likelihood per target of each sequence, in nats, at the weights that the backend holds. */
export async function documentLosses(
  backend: TrainBackend,
  batches: readonly TokenBatch[],
): Promise<number[]> {
  const losses: number[] = [];
  for (const batch of batches) {
    const { negativeLogLikelihood, weight } = await backend.evaluate(batch);
    // One weight a sequence.
    negativeLogLikelihood.forEach((sum, i) => losses.push(sum / (weight[i] as number)));
  }
  return losses;
}
