/**
 * Encoded problems in one safetensors file, which needs no tokenizer to be used:
 * - `tokens` [tokens] U16, all conversations one after another;
 * - `starts` [problems] U32, where each begins; `answers` [problems] U32, how many of its tokens come before the answer;
 * - `gold` [problems] U32, the right answers;
 * - metadata: the tokenizer's name, its tokens as a JSON list, and the token that ends a turn.
 * @module
 */
import { SafetensorsFile, type TensorData, writeSafetensors } from "../../../core/safetensors.ts";
import type { Conversation } from "../../../shards/conversation_set.ts";
import type { Tokenizer } from "../../../tokenizer/tokenizer.ts";

/** A conversation of one question and its answer. */
export interface EncodedProblem {
  /** The question with its header, the answer, and the end of the turn. */
  readonly tokens: Uint32Array;
  /** Tokens before the answer. */
  readonly promptLength: number;
  readonly gold: number;
}

/** Problems and what their tokens mean. */
export interface ProblemSet {
  readonly tokenizer: string;
  /** Text of each token. */
  readonly vocabulary: readonly string[];
  readonly endOfTurn: number;
  readonly problems: readonly EncodedProblem[];
}

/** Writes problems whose tokenizer has at most 65,536 tokens. */
export async function writeProblems(
  path: string,
  tokenizer: Tokenizer,
  problems: readonly EncodedProblem[],
): Promise<void> {
  const starts: number[] = [];
  let total = 0;
  for (const { tokens } of problems) {
    starts.push(total);
    total += tokens.length;
  }
  const tokens = new Uint16Array(total);
  problems.forEach((problem, i) => tokens.set(problem.tokens, starts[i]));
  const words = (values: readonly number[]): TensorData => ({
    dtype: "U32",
    shape: [values.length],
    data: Uint32Array.from(values),
  });
  await writeSafetensors(
    path,
    new Map<string, TensorData>([
      ["tokens", { dtype: "U16", shape: [total], data: tokens }],
      ["starts", words(starts)],
      ["answers", words(problems.map(({ promptLength }) => promptLength))],
      ["gold", words(problems.map(({ gold }) => gold))],
    ]),
    {
      tokenizer: tokenizer.name,
      vocabulary: JSON.stringify(
        Array.from({ length: tokenizer.vocabularySize }, (_, id) => tokenizer.decode([id])),
      ),
      endOfTurn: String(tokenizer.special.endOfTurn),
    },
  );
}

/** @throws {UsageError} where the file is missing or no such file. */
export async function readProblems(path: string): Promise<ProblemSet> {
  using file = await SafetensorsFile.open(path);
  const words = async (name: string) => new Uint32Array((await file.readBytes(name)).buffer);
  const [starts, answers, gold] = [await words("starts"), await words("answers"), await words("gold")];
  const tokens = Uint32Array.from(new Uint16Array((await file.readBytes("tokens")).buffer));
  return {
    tokenizer: file.metadata["tokenizer"] ?? "",
    vocabulary: JSON.parse(file.metadata["vocabulary"] ?? "[]"),
    endOfTurn: Number(file.metadata["endOfTurn"]),
    problems: Array.from(starts, (start, i) => ({
      tokens: tokens.subarray(start, starts[i + 1]),
      promptLength: answers[i] ?? 0,
      gold: gold[i] ?? 0,
    })),
  };
}

/** The problem as a conversation to learn from: the loss counts in the answer. */
export function conversationOf({ tokens, promptLength }: EncodedProblem): Conversation {
  return { tokens, assistant: new Uint8Array(tokens.length).fill(1, promptLength) };
}

/** Text of tokens, special ones by their names. */
export function textOf(vocabulary: readonly string[], tokens: Uint32Array): string {
  return Array.from(tokens, (token) => vocabulary[token] ?? "").join("");
}
