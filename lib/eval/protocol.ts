/**
 * How a benchmark is put to a system, question by question: what multiple choice, written answers and perplexity share.
 * @module
 */

/** One question as it is asked. */
export interface Question {
  readonly id: string;
  readonly group?: string;
  /** What the benchmark says, for the record. */
  readonly doc: Readonly<Record<string, unknown>>;
  /** The right answer; of multiple choice its index, as in lm-eval. */
  readonly target: string;
  /** What is asked: context and continuation of every choice, or the prompt. */
  readonly arguments: readonly (readonly string[])[];
}

/** An answer's place: a question's id and which of its samples. */
export interface SampleKey {
  readonly id: string;
  /** From 0. */
  readonly sample: number;
}

/** An answer, judged. */
export interface Sample extends SampleKey {
  /** What the system gave: log-likelihoods, or a text. */
  readonly responses: readonly (string | number)[];
  /** What was judged: the choice, or what was found in the text. */
  readonly filtered: string | null;
  /** Scores by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A benchmark ready to be asked. */
export interface Protocol {
  readonly task: string;
  readonly version: number;
  readonly shots: number;
  /** Everything else that an answer depends on, besides the questions themselves. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of the scores; "perplexity" is computed from Σ nll / Σ tokens, all others are means. */
  readonly metrics: readonly string[];
  /** Answers to each question. */
  readonly samples: number;
  readonly questions: readonly Question[];
  /** Questions that the benchmark has; absent: all of them are asked. */
  readonly available?: number;
  /** Asks; answers come as they are ready. */
  ask(keys: readonly SampleKey[], signal: AbortSignal): AsyncIterable<Sample>;
}
