/**
 * What the tests of shards share: documents, mixtures, and a tokenizer that can be read by eye.
 * @module
 */
import { join } from "node:path";
import type { Mixture } from "../../lib/core/mixture.ts";
import { openShards, type Shards } from "../../lib/shards/reader.ts";
import { writeShards } from "../../lib/shards/writer.ts";
import type { Tokenizer } from "../../lib/tokenizer/tokenizer.ts";

/** Each character is a token, by its code; 1 begins a text, 2 ends it. */
export function characterTokenizer(vocabularySize = 256): Tokenizer {
  const encode = (text: string) => Uint32Array.from(text, (character) => character.charCodeAt(0));
  return {
    name: `characters-${vocabularySize}`,
    vocabularySize,
    specialTokens: new Map([["\x01", 1], ["\x02", 2]]),
    templateTokens: { bos_token: "\x01", eos_token: "\x02" },
    special: { beginOfText: 1, endOfText: 2, startHeader: 3, endHeader: 4, endOfTurn: 5 },
    encode,
    countTokens: (text) => text.length,
    decode: (ids) => String.fromCharCode(...Array.from(ids)),
  };
}

/** A stream of documents. */
export async function* documents(...texts: string[]): AsyncGenerator<{ id: string; text: string }> {
  for (const [i, text] of texts.entries()) yield { id: `document-${i}`, text };
}

/** Tokens of texts as the shards hold them. */
export function concatenated(...texts: string[]): number[] {
  return texts.flatMap((text) => [1, ...characterTokenizer().encode(text), 2]);
}

/** A set of shards with the given texts. */
export async function shardsOf(
  directory: string,
  source: string,
  texts: string[],
  { tokenizer = characterTokenizer(), maxTokensPerShard = 50 } = {},
): Promise<Shards> {
  await writeShards(join(directory, source), documents(...texts), tokenizer, { source, maxTokensPerShard });
  return await openShards(join(directory, source));
}

/** A mixture of weights by source. */
export function mixtureOf(
  weights: Readonly<Record<string, number>>,
  { maxEpochs = null, tokenizer = null }: { maxEpochs?: number | null; tokenizer?: string | null } = {},
): Mixture {
  return {
    name: "test",
    method: "test",
    sources: Object.entries(weights).map(([name, weight]) => ({ name, weight, printed: weight })),
    tokenizer,
    proxy: null,
    tokenBudget: null,
    caps: { maxEpochs },
    createdFrom: "a test",
  };
}
