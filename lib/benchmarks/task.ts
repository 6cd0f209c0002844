/**
 * What a benchmark is: where its files are, what an item says, and how an answer to it is judged.
 *
 * Prompts and names are those of EleutherAI's lm-evaluation-harness ("lm-eval"), so that scores can stand side by side.
 * @module
 */
import type { SamplingSettings } from "../backends/decode.ts";
import type { BenchmarkRecord } from "./records.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** Which files of `--data DIR` belong to a benchmark. */
export interface DataFiles {
  /** Names that its folder may have, in order of preference. */
  readonly folders: readonly string[];
  /** Paths inside the folder that hold the questions asked. */
  readonly test: RegExp;
  /** Paths inside the folder, or in one of `exampleFolders`, that few-shot examples are taken from; absent: none are. */
  readonly examples?: RegExp;
  /** Where examples are, if not in `folders`. */
  readonly exampleFolders?: readonly string[];
  /** Which items of the files are asked, and which serve as examples, by their ids; absent: all. */
  readonly isTest?: (id: string) => boolean;
  readonly isExample?: (id: string) => boolean;
}

/** What every benchmark has. */
interface BaseTask {
  /** lm-eval's, where it has the task. */
  readonly name: string;
  /** lm-eval's version of the prompt that is followed; 0 for a task of our own. */
  readonly version: number;
  readonly files: DataFiles;
  /** Examples before each question, unless the caller says otherwise: the paper's number. */
  readonly shots: number;
  /** Stands before the first example. */
  readonly preamble?: (item: { readonly group?: string }) => string;
  /** Stands between examples; two line ends where absent. */
  readonly separator?: string;
}

/** A question that log-likelihoods answer: the choice that the model finds likeliest. */
export interface ChoiceItem {
  readonly id: string;
  /** Part of the benchmark with a score of its own, and examples of its own (MMLU's subjects). */
  readonly group?: string;
  /** What stands before the choices: one text for all of them, or one for each (WinoGrande). */
  readonly contexts: readonly string[];
  /** Continuations, without the space before them. */
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly gold: number;
  /** The question and its options for a system that can only write. */
  readonly question: string;
  readonly options: readonly string[];
}

/** A benchmark of multiple choice. */
export interface ChoiceTask extends BaseTask {
  readonly kind: "multiple choice";
  /** @throws {UsageError} naming file, line and field where the record is not in a known layout. */
  item(record: BenchmarkRecord): ChoiceItem;
}

/** What a grader says about an answer. */
export interface Grade {
  readonly correct: boolean;
  /** What was taken for the answer; null where none was found. */
  readonly extracted: string | null;
  /** Why it is wrong, where the grader knows. */
  readonly reason?: string;
}

/** How an answer came about: as the continuation of a text, or as a message. */
export type AnswerStyle = "completion" | "chat";

/** A question that is answered by writing. */
export interface GenerationItem {
  readonly id: string;
  readonly group?: string;
  /** Text that the model goes on with. */
  readonly prompt: string;
  /** A right continuation, its first space included: for examples and for perplexity; null where the files have none. */
  readonly target: string | null;
  /** The user's message in a chat. */
  readonly question: string;
  /** The right answer, for people. */
  readonly gold: string;
  /** Judges an answer: what follows the prompt, or the assistant's message. */
  grade(answer: string, style: AnswerStyle, sandboxes: Sandboxes): Promise<Grade>;
}

/** How answers are written. */
export interface GenerationSettings {
  /** Texts that end a completion and are not part of it. A chat ends where the model ends its turn. */
  readonly stop: readonly string[];
  readonly maxNewTokens: number;
  /** Answers to each question; their mean counts. */
  readonly samples: number;
  readonly sampling: SamplingSettings;
}

/** A benchmark of written answers. */
export interface GenerationTask extends BaseTask {
  readonly kind: "generation";
  /** lm-eval's name of the score. */
  readonly metric: "exact_match" | "pass@1";
  /** As a continuation with examples. */
  readonly completion: GenerationSettings;
  /** As a chat without examples; `system` is the first message. */
  readonly chat: GenerationSettings & { readonly system?: string };
  /** @throws {UsageError} naming file, line and field where the record is not in a known layout. */
  item(record: BenchmarkRecord): GenerationItem;
}

/** Any benchmark. */
export type Task = ChoiceTask | GenerationTask;

/** The likeliest token, always: what base models are asked with. */
export const GREEDY: Pick<GenerationSettings, "samples" | "sampling"> = {
  samples: 1,
  sampling: { temperature: 0 },
};

/** The system message where the answer is a formula. */
export const BOXED_ANSWER = "Reason step by step and put your final answer within \\boxed{}.";

/** The system message where the answer is a program. */
export const CODE_ANSWER = "Think step by step, then give the whole program in one final code block.";

/** How the released evaluation of MobileLLM-R1 samples reasoning. */
export const REASONING: Pick<GenerationSettings, "stop" | "maxNewTokens" | "sampling"> = {
  stop: [],
  maxNewTokens: 30_000,
  sampling: { temperature: 0.6, topP: 0.95 },
};
