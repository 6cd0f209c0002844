/**
 * A judge for Ask-LLM on our own engine: any model that a backend holds.
 * @module
 */
import type { ForwardBackend } from "../backends/backend.ts";
import { sha256 } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { encodePrompt } from "../tokenizer/chat.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Judge, Judgement } from "./ask_llm.ts";
import type { Prompt } from "./prompt.ts";

/** How a model is asked. */
export interface ModelJudgeSettings {
  /** "chat": as the user's message, for instruction-tuned models. "plain": as text that goes on with the answer on a new line. */
  readonly format: "chat" | "plain";
  /** Most tokens the model sees: documents are cut to their beginning. At most the model's maxPositions. */
  readonly maxTokens: number;
  /** Documents judged at once. */
  readonly batchSize: number;
}

/** Lengths are rounded up to a multiple of this, since a backend plans anew for every shape. */
const LENGTH_STEP = 32;

/**
 * The judge. Its name has the hash of its weights, so that scores tell one checkpoint from another.
 *
 * @param backend Holds the weights; they must not change while it judges.
 * @param weights The same, to name them.
 * @throws {UsageError} where "1" or "0" is no single token, or maxTokens does not fit the model.
 */
export function createModelJudge(
  backend: ForwardBackend,
  weights: Float32Array,
  tokenizer: Tokenizer,
  settings: ModelJudgeSettings,
): Judge {
  const { format, maxTokens, batchSize } = settings;
  const { maxPositions, vocabularySize } = backend.config;
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1 || maxTokens > maxPositions) {
    throw new UsageError(
      `maxTokens is ${maxTokens}, expected a whole number up to the model's ${maxPositions}.`,
    );
  }
  const [one, zero] = [answerToken(tokenizer, 1), answerToken(tokenizer, 0)];
  const hash = sha256(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)).slice(0, 16);
  return {
    name: `own model ${hash}, ${tokenizer.name}, ${format}, ${maxTokens} tokens`,
    batchSize,
    async judge(prompt, documents, signal) {
      signal?.throwIfAborted();
      const rows = documents.map(({ text }) => encodeQuestion(prompt, text, tokenizer, settings));
      const logits = await backend.logits(alignRight(rows, maxTokens), "last");
      return rows.map((_, row) =>
        answerProbabilities(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), one, zero)
      );
    },
  };
}

/** The token of an answer. @throws {UsageError} where it is no single one. */
export function answerToken(tokenizer: Tokenizer, answer: 0 | 1): number {
  const [token, ...more] = tokenizer.encode(String(answer));
  if (token !== undefined && more.length === 0) return token;
  throw new UsageError(`Tokenizer ${tokenizer.name} has no token "${answer}", which a judge answers with.`);
}

/**
 * A prompt with a document in it, as tokens; the model's answer is the token that follows. The document is cut to its beginning, so
 * that the whole prompt is always seen.
 *
 * @throws {UsageError} where the prompt leaves no token for the document.
 *
 * @example
 * ```ts
 * import { encodeQuestion } from "./model_judge.ts";
 * import { openTokenizer } from "../tokenizer/tokenizer.ts";
 * import assert from "node:assert/strict";
 * const tokenizer = await openTokenizer("llama3-512");
 * const prompt = { name: "own", before: "Is ", after: " good?", hash: "" };
 * const tokens = encodeQuestion(prompt, "this", tokenizer, { format: "plain", maxTokens: 32 });
 * assert.equal(tokenizer.decode(tokens), "<|begin_of_text|>Is this good?\n");
 * ```
 */
export function encodeQuestion(
  prompt: Prompt,
  text: string,
  tokenizer: Tokenizer,
  { format, maxTokens }: Pick<ModelJudgeSettings, "format" | "maxTokens">,
): Uint32Array<ArrayBuffer> {
  // An empty message ends where the document's turn ends.
  const turn = format === "chat"
    ? encodePrompt([{ role: "user", content: "" }], tokenizer)
    : Uint32Array.of(tokenizer.special.beginOfText);
  const end = format === "chat" ? turn.indexOf(tokenizer.special.endOfTurn) : turn.length;
  const before = [...turn.subarray(0, end), ...tokenizer.encode(prompt.before)];
  const after = [
    ...tokenizer.encode(format === "chat" ? prompt.after : `${prompt.after}\n`),
    ...turn.subarray(end),
  ];
  const room = maxTokens - before.length - after.length;
  if (room < 1) {
    throw new UsageError(
      `Prompt "${prompt.name}" has ${
        maxTokens - room
      } tokens, which leaves none of ${maxTokens} for a document.`,
    );
  }
  return Uint32Array.of(...before, ...encodeHead(text, tokenizer, room), ...after);
}

/** UTF-16 units of a text in which so many tokens are nearly always found: one has at least one byte and rarely above 16. */
export function charactersOf(tokens: number): number {
  return 16 * tokens;
}

/** The first tokens of a text; most of a long one need not be encoded. */
function encodeHead(text: string, tokenizer: Tokenizer, tokens: number): Uint32Array {
  const head = tokenizer.encode(text.slice(0, charactersOf(tokens)));
  return (head.length < tokens ? tokenizer.encode(text) : head).subarray(0, tokens);
}

/**
 * Texts as one batch, filled up on the left as another document, which attention never reaches.
 *
 * @param maxLength No row is longer.
 */
export function alignRight(rows: readonly Uint32Array[], maxLength: number) {
  const longest = Math.max(...rows.map((row) => row.length));
  const length = Math.min(maxLength, Math.ceil(longest / LENGTH_STEP) * LENGTH_STEP);
  const tokens = new Uint32Array(rows.length * length);
  const documents = new Uint32Array(rows.length * length);
  rows.forEach((row, i) => {
    const end = (i + 1) * length;
    tokens.set(row, end - row.length);
    documents.fill(1, end - row.length, end);
  });
  return { sequences: rows.length, length, tokens, documents };
}

/** Softmax at two ids. */
function answerProbabilities(logits: Float32Array, one: number, zero: number): Judgement {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - highest), 0);
  // Both ids are in the vocabulary.
  const probability = (id: number) => Math.exp((logits[id] as number) - highest) / sum;
  return { one: probability(one), zero: probability(zero) };
}
