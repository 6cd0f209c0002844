/**
 * Does influence tell the truth? What it predicts, beside what retraining finds.
 *
 * With R seeds and M subsets, R proxies are trained on all candidates, and their checkpoints score these; M · R on random halves; R
 * without each source; R without the candidates that are said to help most, to help least, and without random ones. All are trained
 * equally long. What a candidate does is predicted as its score times its targets, since the loss of training is a mean over targets.
 *
 * Every proxy and every checkpoint's scores lie on the disk once they are done. Nothing is read but what is handed over, so it
 * runs wherever the two backends do.
 * @module
 */
import { join } from "node:path";
import { formatDuration } from "../../core/progress.ts";
import { meanOf } from "../../core/statistics.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { parameterCount } from "../../model/config.ts";
import { documentBatches } from "../documents.ts";
import { datamodelling } from "./datamodelling.ts";
import { methodScores } from "./methods.ts";
import {
  checkOptions,
  type GroupedDocument,
  groupsOf,
  proxiesOf,
  type ValidationOptions,
} from "./options.ts";
import {
  type Datamodelling,
  DROPPED,
  type DroppedLoss,
  type LeaveOneOutAgreement,
  type Method,
  type TrainingRegime,
  type ValidationReport,
} from "./report.ts";
import { documentLosses, loadWeights, retrain, type Retrained } from "./retraining.ts";
import { dropped, randomHalves } from "./selections.ts";
import { leaveOneOutAgreement } from "./sources.ts";

/**
 * Trains and scores what is missing, and compares.
 *
 * @throws {UsageError} for settings or documents that no comparison follows from.
 * @throws {RunError} where the directory holds something else, training diverges, or a gradient is not finite.
 * @throws {InterruptedError} on the signal; what is done stays.
 */
export async function validateInfluence(options: ValidationOptions): Promise<ValidationReport> {
  checkOptions(options);
  const started = performance.now();
  const { train: { description: backend }, candidates, settings } = options;
  const train = trainer(options);
  const full: Retrained[] = [];
  for (const seed of seedsOf(options)) full.push(await train("full", seed, candidates, settings.checkpoints));
  const targets = candidates.map(({ tokens }) => Math.min(tokens.length - 1, settings.length));
  const effects = (await methodScores(options, full)).map(({ method, scores }) => ({
    method,
    // One number of targets a candidate.
    effects: scores.map((of) => of.map((score, x) => score * (targets[x] as number))),
  }));
  return {
    backend,
    settings,
    regime: await regimeOf(options, full[0] as Retrained), // Two seeds at least.
    datamodelling: await compareHalves(options, train, effects),
    leaveOneOut: await compareSources(options, train, full, effects, targets),
    dropped: await compareDropped(options, train, full, effects),
    seconds: (performance.now() - started) / 1000,
  };
}

/** A method's predictions. */
interface Effects {
  readonly method: Method;
  /** What a candidate adds to minus the loss, up to scale [probe document][candidate]. */
  readonly effects: readonly (readonly number[])[];
}

async function compareHalves(
  options: ValidationOptions,
  train: Trainer,
  effects: readonly Effects[],
): Promise<Datamodelling> {
  const { candidates, probes, settings: { subsets, seed } } = options;
  const halves = randomHalves(candidates.length, subsets, seed);
  const losses: (readonly number[])[][] = [];
  for (const seed of seedsOf(options)) {
    const ofSeed: (readonly number[])[] = [];
    for (const [m, half] of halves.entries()) {
      // Halves are numbers of candidates.
      const documents = half.map((x) => candidates[x] as GroupedDocument);
      ofSeed.push((await train(`half-${m + 1}`, seed, documents, 0)).losses);
    }
    losses.push(ofSeed);
  }
  const predictions = effects.map(({ method, effects }) => ({
    method,
    sums: effects.map((of) => halves.map((half) => sumAt(of, half))),
  }));
  return datamodelling(predictions, probes.map(({ group }) => group), losses, seed);
}

async function compareSources(
  options: ValidationOptions,
  train: Trainer,
  full: readonly Retrained[],
  effects: readonly Effects[],
  targets: readonly number[],
): Promise<LeaveOneOutAgreement[]> {
  const { candidates, probes } = options;
  const sources = groupsOf(candidates);
  const without: (readonly number[])[][] = [];
  for (const seed of seedsOf(options)) {
    const ofSeed: (readonly number[])[] = [];
    for (const source of sources) {
      const rest = candidates.filter(({ group }) => group !== source);
      ofSeed.push((await train(`without-${source}`, seed, rest, 0)).losses);
    }
    without.push(ofSeed);
  }
  return groupsOf(probes).map((capability) => {
    const mean = (values: readonly number[]) => meanOfGroup(options, capability, values);
    const densities = effects.map(({ method, effects }) => {
      // Every probe document has an effect of every candidate.
      const pooled = candidates.map((_, x) => mean(effects.map((of) => of[x] as number)));
      const own = (source: string) => candidates.flatMap(({ group }, x) => group === source ? [x] : []);
      return {
        method,
        densities: sources.map((source) => sumAt(pooled, own(source)) / sumAt(targets, own(source))),
      };
    });
    // One full proxy a seed.
    const impacts = without.map((ofSeed, r) =>
      ofSeed.map((losses) => mean(losses) - mean((full[r] as Retrained).losses))
    );
    return leaveOneOutAgreement(capability, sources, densities, impacts);
  });
}

/** Drops by what the pipeline's own method, the first, says of all probe documents together. */
async function compareDropped(
  options: ValidationOptions,
  train: Trainer,
  full: readonly Retrained[],
  [own]: readonly Effects[],
): Promise<DroppedLoss[]> {
  const { candidates, probes, settings: { dropShare, seed: first } } = options;
  const pooled = candidates.map((_, x) => meanOf((own?.effects ?? []).map((of) => of[x] as number)));
  const result: DroppedLoss[] = [];
  for (const [r, seed] of seedsOf(options).entries()) {
    const selections = dropped(pooled, dropShare, first + r);
    for (const which of DROPPED) {
      // One full proxy a seed; selections are numbers of candidates.
      const { losses } = which === "nothing" ? full[r] as Retrained : await train(
        `dropped-${which}`,
        seed,
        selections[which].map((x) => candidates[x] as GroupedDocument),
        0,
      );
      for (const probe of groupsOf(probes)) {
        result.push({ which, seed, probe, negativeLogLikelihood: meanOfGroup(options, probe, losses) });
      }
    }
  }
  return result;
}

/** 1 … R. */
function seedsOf({ settings: { seeds } }: ValidationOptions): number[] {
  return Array.from({ length: seeds }, (_, i) => i + 1);
}

/** {@link retrain} with what all proxies share. */
type Trainer = (
  name: string,
  seed: number,
  documents: readonly GroupedDocument[],
  keptModels: number,
) => Promise<Retrained>;

/** Trains proxies, and says on standard error how far it is. */
function trainer(options: ValidationOptions): Trainer {
  const { train: backend, training, settings, probes, directory, fingerprint, signal } = options;
  const retraining = {
    ...settings,
    backend,
    training,
    probes: probes.map(({ tokens }) => tokens),
    directory: join(directory, "proxies"),
    fingerprint,
    signal,
  };
  const all = proxiesOf(options);
  let done = 0, seconds = 0;
  return async (name, seed, documents, keptModels) => {
    const started = performance.now();
    const tokens = documents.map((document) => document.tokens);
    const retrained = await retrain(retraining, `${name}-seed-${seed}`, seed, tokens, keptModels);
    seconds += (performance.now() - started) / 1000;
    done++;
    console.error(`Proxy ${done} of ${all}, ${formatDuration(seconds / done * (all - done))} left.`);
    return retrained;
  };
}

/** Mean over a capability's probe documents. */
function meanOfGroup({ probes }: ValidationOptions, capability: string, values: readonly number[]): number {
  return meanOf(values.filter((_, q) => probes[q]?.group === capability));
}

/** Sum of the values at some places, all of which are there. */
function sumAt(values: readonly number[], places: readonly number[]): number {
  return places.reduce((sum, place) => sum + (values[place] as number), 0);
}

async function regimeOf(options: ValidationOptions, { models, losses }: Retrained): Promise<TrainingRegime> {
  const { train, training, candidates, probes, settings: { length, sequencesPerBatch } } = options;
  const documents = candidates.map(({ tokens }) => tokens);
  const { batches, tokens } = documentBatches(documents, length, sequencesPerBatch);
  await loadWeights(train, (await loadModel(models.at(-1) as string)).weights); // At least one is kept.
  const { totalSteps } = training.schedule;
  return {
    parameters: parameterCount(training.config),
    candidates: candidates.length,
    candidateTokens: tokens.reduce((sum, count) => sum + count, 0),
    probeDocuments: probes.length,
    steps: totalSteps,
    epochs: totalSteps * sequencesPerBatch / candidates.length,
    candidateLoss: meanOf(await documentLosses(train, batches)),
    probeLoss: meanOf(losses),
    uniformLoss: Math.log(training.config.vocabularySize),
  };
}
