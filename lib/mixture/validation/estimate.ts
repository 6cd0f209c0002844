/**
 * What a validation will take, before it starts.
 * @module
 */
import { initialise } from "../../model/initialise.ts";
import { dataInf } from "../datainf.ts";
import { documentBatches } from "../documents.ts";
import { DocumentLoader } from "./document_loader.ts";
import { checkOptions, proxiesOf, type ValidationOptions } from "./options.ts";
import { loadWeights } from "./retraining.ts";

/** Time and memory. */
export interface ValidationEstimate {
  readonly proxies: number;
  readonly trainingSeconds: number;
  readonly scoringSeconds: number;
  /** Of the vectors that scoring holds beside what a model's training holds. */
  readonly vectorBytes: number;
}

/** Batches of candidates that are scored to see what one takes. */
const TIMED = 4;

/**
 * What a validation will take from its start, by one update and a few batches of candidates, timed the second time they are computed.
 *
 * @throws {UsageError} as `validateInfluence`.
 */
export async function estimateValidation(options: ValidationOptions): Promise<ValidationEstimate> {
  checkOptions(options);
  const { train, influence, training, settings, candidates, probes } = options;
  const { length, sequencesPerBatch, probesPerPass, checkpoints, seeds } = settings;
  const weights = initialise(training.config, 1);
  const documents = candidates.map(({ tokens }) => tokens);

  await loadWeights(train, weights);
  const loader = new DocumentLoader({ documents, seed: 1, length, sequencesPerBatch, steps: 1 });
  const update = { ...training.optimizer, learningRate: training.schedule.peak };
  const step = await secondsOf(() => train.step([loader.batch(0)], update));

  await influence.load(weights);
  const asked = probes.slice(0, probesPerPass).map(({ group, tokens }) => ({
    name: group,
    batches: documentBatches([tokens], length, 1).batches,
  }));
  const few =
    documentBatches(documents.slice(0, TIMED * sequencesPerBatch), length, sequencesPerBatch).batches;
  // The probe documents' own gradients come once for all batches.
  const one = await secondsOf(() => dataInf(influence, asked, few.slice(0, 1)));
  const all = await secondsOf(() => dataInf(influence, asked, few));
  const batch = few.length === 1 ? one : Math.max(0, all - one) / (few.length - 1);
  const batches = Math.ceil(documents.length / sequencesPerBatch);
  const group = Math.max(0, one - batch) + batches * batch;
  return {
    proxies: proxiesOf(options),
    trainingSeconds: proxiesOf(options) * training.schedule.totalSteps * step,
    scoringSeconds: seeds * checkpoints * Math.ceil(probes.length / probesPerPass) * group,
    vectorBytes: 4 * asked.length * influence.parameters,
  };
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  await work();
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
