/**
 * Logistic regression on hashed words and pairs of words: what a text looks like to it, and what it says of one.
 * @module
 */
import { hashRuns, hashWords, RUN_FACTORS } from "./words.ts";

/** Features share a weight by their hash's low bits. */
export const BUCKETS = 1 << 18;

/** Words looked at, from the beginning: as much as a BERT-type classifier sees. */
const MAX_WORDS = 400;

/** Upper end of the scale: the education classifier's. */
const SCALE = 5;

/** A document's features: buckets, each once; all weigh the same, and together 1 in the 2-norm. */
export type Features = Uint32Array;

/** Of a text: its words, and pairs of neighbours. */
export function featuresOf(text: string): Features {
  // A word has rarely more than 20 characters; the rest of a long text is not looked at.
  const words = hashWords(text.slice(0, 20 * MAX_WORDS)).subarray(0, MAX_WORDS);
  const buckets = new Set<number>();
  for (const length of [1, 2]) {
    for (const hash of hashRuns(words, length, RUN_FACTORS[0])) buckets.add(hash % BUCKETS);
  }
  return Uint32Array.from(buckets).sort();
}

/** Logistic regression on hashed words. */
export interface LogisticModel {
  /** By the features' buckets. */
  readonly weights: Float64Array;
  bias: number;
}

/** P(label 1). */
export function probability({ weights, bias }: LogisticModel, features: Features): number {
  let sum = 0;
  for (const bucket of features) sum += weights[bucket] as number; // buckets are below BUCKETS
  return 1 / (1 + Math.exp(-(bias + sum / Math.sqrt(features.length))));
}

/** A text's score, 5 · P(label 1); null: it has no words. */
export function scoreText(model: LogisticModel, text: string): number | null {
  const features = featuresOf(text);
  return features.length === 0 ? null : SCALE * probability(model, features);
}
