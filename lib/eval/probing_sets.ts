/**
 * Perplexity of probing sets, as a run keeps them: token shards of held-out documents.
 * @module
 */
import { join } from "node:path";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { openShards } from "../shards/reader.ts";
import { INDEX_FILE } from "../shards/shard.ts";
import { openTokenizer } from "../tokenizer/tokenizer.ts";
import { perplexityOf } from "./perplexity.ts";
import type { Protocol } from "./protocol.ts";
import type { LogLikelihoodRequest, System } from "./system.ts";

/** Counts with the texts' cut. */
const VERSION = 1;

/** How much of a set is read. */
export interface ProbingSettings {
  /** Documents of each set at most. */
  readonly limit: number;
  /** Tokens of a document, from its beginning, in the set's own tokenizer. */
  readonly tokens: number;
}

/**
 * The probing sets in a directory, in the order of their names; the tasks are called probe_SOURCE_perplexity. Systems get texts, so
 * that those with other tokenizers can be asked too.
 *
 * @throws {UsageError} where there are no shards, they are damaged, or the system has no log-likelihoods.
 */
export async function probingSets(
  directory: string,
  settings: ProbingSettings,
  system: System,
): Promise<Protocol[]> {
  const protocols: Protocol[] = [];
  for (const path of await shardDirectories(directory)) {
    const { source, texts, available } = await readTexts(path, settings);
    protocols.push({ ...perplexityOf(`probe_${source}`, VERSION, texts, system), available });
  }
  return protocols;
}

async function shardDirectories(directory: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      if (isDirectory && await exists(join(directory, name, INDEX_FILE))) found.push(join(directory, name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
  }
  if (found.length > 0) return found.sort();
  throw new UsageError(
    `${directory} has no probing sets, expected folders of token shards, as in a run's shards/probe.`,
  );
}

async function readTexts(path: string, { limit, tokens: most }: ProbingSettings) {
  using shards = await openShards(path);
  const tokenizer = await openTokenizer(shards.tokenizer);
  const { beginOfText, endOfText } = tokenizer.special;
  const texts = new Map<string, LogLikelihoodRequest>();
  for (let document = 0; document < Math.min(limit, shards.documents); document++) {
    const start = shards.documentStart(document);
    const tokens = shards.read(start, Math.min(most, shards.documentStart(document + 1) - start))
      .filter((id) => id !== beginOfText && id !== endOfText);
    // The last token may end inside a character.
    const continuation = tokenizer.decode(tokens).replace(/\ufffd$/, "");
    if (continuation !== "") texts.set(String(document), { context: "", continuation });
  }
  return { source: shards.source, texts, available: shards.documents };
}
