/**
 * A small education classifier that the project trains itself, for where no weights of FineWeb-Edu's are given.
 *
 * Logistic regression on hashed words and pairs of words. Its labels are weak: they come from where a document comes from and not
 * from reading it, so it learns what tells those sources apart, whatever that is. Every score's provenance says so.
 * @module
 */
import { sha256 } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { isHeldOut } from "../shards/split.ts";
import type { Document } from "../sources/document.ts";
import type { Domain } from "../sources/spec.ts";
import { accuracyAt, areaUnderCurve } from "./binary_metrics.ts";
import {
  BUCKETS,
  type Features,
  featuresOf,
  type LogisticModel,
  probability,
  scoreText,
} from "./logistic_model.ts";
import { Reservoir } from "./reservoir.ts";
import type { Scorer } from "./scorer.ts";

/** A label for documents that a person can justify without reading each. */
export interface WeakLabels {
  /** What the labels rest on: "mail 0; code, math, knowledge 1". */
  readonly description: string;
  /** 1: worth learning from; 0: not; null: cannot be said. */
  labelOf(document: Document): 0 | 1 | null;
}

/** How to train. */
export interface WeakClassifierSettings {
  /** Passes over the training documents. */
  readonly epochs: number;
  /** Of AdaGrad. */
  readonly learningRate: number;
  /** Share of the labelled documents, by their ids, that only the report sees. */
  readonly heldOutShare: number;
  /** Most documents to train on and to report on, a random sample of the stream: at most 3.2 kB of features each. */
  readonly maxDocuments: number;
  readonly seed: number;
}

/** Settings for some thousand documents. */
export const WEAK_CLASSIFIER: WeakClassifierSettings = {
  epochs: 4,
  learningRate: 0.3,
  heldOutShare: 0.2,
  maxDocuments: 20_000,
  seed: 1,
};

interface Example {
  readonly features: Features;
  readonly label: 0 | 1;
}

/** How well the classifier predicts labels it has not seen. */
export interface WeakClassifierReport {
  readonly trainingDocuments: number;
  readonly heldOutDocuments: number;
  /** Share of the held-out documents on the right side of P = .5. */
  readonly accuracy: number;
  /** Area under the ROC curve on the held-out documents. */
  readonly auc: number;
  /** Share of the larger class among them: what knowing nothing would give. */
  readonly majority: number;
}

/** Labels by the domain of a document's source: mail is not worth learning from, code, mathematics and knowledge are. */
export function labelsByDomain(domains: Readonly<Record<string, Domain>>): WeakLabels {
  return {
    description: "mail 0; code, math, knowledge 1",
    labelOf({ source }) {
      const domain = domains[source];
      return domain === undefined || domain === "other" ? null : domain === "mail" ? 0 : 1;
    },
  };
}

/**
 * Trains the classifier on the labelled documents of a stream, classes weighted alike. It scores 5 · P(worth learning from); a text
 * without words has no score.
 *
 * @throws {UsageError} where a class has no document to train on or none held out.
 */
export async function trainWeakClassifier(
  documents: AsyncIterable<Document>,
  labels: WeakLabels,
  settings: WeakClassifierSettings = WEAK_CLASSIFIER,
): Promise<{ scorer: Scorer; report: WeakClassifierReport }> {
  const { heldOutShare, maxDocuments, seed } = settings;
  const training = new Reservoir<Example>(maxDocuments, Random.of(seed, "weak classifier", "training"));
  const heldOut = new Reservoir<Example>(maxDocuments, Random.of(seed, "weak classifier", "held out"));
  for await (const document of documents) {
    const label = labels.labelOf(document);
    if (label === null) continue;
    const part = isHeldOut(document.id, heldOutShare) ? heldOut : training;
    part.offer(() => ({ features: featuresOf(document.text), label }));
  }
  for (const [name, { items }] of [["trained on", training], ["held out", heldOut]] as const) {
    const ones = items.filter(({ label }) => label === 1).length;
    if (ones > 0 && ones < items.length) continue;
    throw new UsageError(
      `Weak labels (${labels.description}): of ${items.length} documents ${name}, ${ones} have label 1, ` +
        "expected some of each class.",
    );
  }
  const model = fit(training.items, settings);
  const report = assess(model, training.items.length, heldOut.items);
  return { scorer: scorerOf(model, labels, report), report };
}

/** Stochastic gradient descent with AdaGrad's steps (Duchi et al., 2011), one document at a time. */
function fit(
  examples: readonly Example[],
  { epochs, learningRate, seed }: WeakClassifierSettings,
): LogisticModel {
  const model = { weights: new Float64Array(BUCKETS), bias: 0 };
  /** Sum of each weight's squared gradients. */
  const squares = new Float64Array(BUCKETS);
  let biasSquares = 0;
  const ones = examples.filter(({ label }) => label === 1).length;
  const classWeights = [
    examples.length / (2 * (examples.length - ones)),
    examples.length / (2 * ones),
  ] as const;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const { features, label } of Random.of(seed, "weak classifier", "order", epoch).shuffled(examples)) {
      if (features.length === 0) continue;
      const error = classWeights[label] * (probability(model, features) - label);
      const gradient = error / Math.sqrt(features.length);
      for (const bucket of features) {
        // Buckets are below BUCKETS.
        const sum = squares[bucket] = (squares[bucket] as number) + gradient * gradient;
        model.weights[bucket] = (model.weights[bucket] as number) -
          learningRate * gradient / Math.sqrt(sum + 1e-12);
      }
      biasSquares += error * error;
      model.bias -= learningRate * error / Math.sqrt(biasSquares + 1e-12);
    }
  }
  return model;
}

function assess(
  model: LogisticModel,
  trainingDocuments: number,
  heldOut: readonly Example[],
): WeakClassifierReport {
  const scores = heldOut.map(({ features }) => features.length === 0 ? 0.5 : probability(model, features));
  const labels = heldOut.map(({ label }) => label);
  const ones = labels.filter((label) => label === 1).length;
  return {
    trainingDocuments,
    heldOutDocuments: heldOut.length,
    accuracy: accuracyAt(0.5, scores, labels),
    auc: areaUnderCurve(scores, labels),
    majority: Math.max(ones, heldOut.length - ones) / heldOut.length,
  };
}

function scorerOf(model: LogisticModel, { description }: WeakLabels, report: WeakClassifierReport): Scorer {
  const { trainingDocuments, accuracy, auc } = report;
  const hash = sha256(new Uint8Array(model.weights.buffer)).slice(0, 16);
  return {
    name: "education",
    provenance: `Logistic regression ${hash} on weak labels by source (${description}), ` +
      `${trainingDocuments} documents; held-out accuracy ${accuracy.toFixed(3)}, AUC ${auc.toFixed(3)}`,
    batchSize: 256,
    noScore: "finds no words",
    portable: { kind: "logistic", model },
    score: (documents) => Promise.resolve(documents.map(({ text }) => scoreText(model, text))),
  };
}
