/**
 * WordPiece from a Hugging Face directory: the tokenizer of BERT-type classifiers.
 * @module
 */
import { Tokenizer } from "@huggingface/tokenizers";
import { join } from "node:path";
import { UsageError } from "../core/errors.ts";

/** Text to token ids, with the marks that BERT wants around them. */
export interface WordPiece {
  /** [CLS], the text's tokens, [SEP]: at most `maxTokens`, the rest of the text is cut off. */
  encode(text: string, maxTokens: number): number[];
}

/**
 * Characters of a text that are looked at, for each token wanted. Tokens have 4 on average and words above 100 are one unknown
 * token, so the cut shows only in texts that no one would keep; and 10 MB take no longer than 10 kB.
 */
const CHARACTERS_PER_TOKEN = 40;

/**
 * Loads tokenizer.json and tokenizer_config.json of a directory.
 *
 * @throws {UsageError} where one is missing, no JSON, or the tokenizer is no WordPiece.
 */
export async function loadWordPiece(directory: string): Promise<WordPiece> {
  const path = join(directory, "tokenizer.json");
  const tokenizerJson = await readJson(path);
  const type = (tokenizerJson as { model?: { type?: unknown } }).model?.type;
  if (type !== "WordPiece") {
    throw new UsageError(`${path}: model.type is ${JSON.stringify(type)}, expected "WordPiece".`);
  }
  const tokenizer = new Tokenizer(tokenizerJson, await readJson(join(directory, "tokenizer_config.json")));
  return {
    encode(text, maxTokens) {
      const { ids } = tokenizer.encode(text.slice(0, CHARACTERS_PER_TOKEN * maxTokens));
      // The last id is [SEP].
      return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ...ids.slice(-1)];
    },
  };
}

/** A file's JSON object. @throws {UsageError} where there is none. */
export async function readJson(path: string): Promise<object> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`${path} does not exist.`);
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object") return value;
  } catch { /* said below */ }
  throw new UsageError(`${path} is no JSON object.`);
}
