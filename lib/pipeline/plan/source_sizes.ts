/**
 * How large published sources are, by the paper's tables: for plans on machines that do not have them.
 * @module
 */
import { loadPaperTables, type PaperCell, paperRecords } from "../../catalog/published.ts";
import { conversationSource } from "../../sources/conversations.ts";
import type { SourceSpec } from "../../sources/spec.ts";

/** A source's size. */
export interface SourceSize {
  readonly documents: number;
  /** null: not published. */
  readonly tokens: number | null;
}

/** A source of a recipe with its size. */
export interface SizedSource extends SourceSize {
  readonly spec: SourceSpec;
}

/** Every table as records, by its name. */
async function readTables(): Promise<(name: string) => Record<string, PaperCell>[]> {
  const tables = await loadPaperTables();
  return (name) => tables.filter((table) => table.name === name).flatMap(paperRecords);
}

/**
 * Sizes of the data sets of Tables 3 and 4, by the names that they have in data/mixtures. Tokens of Dolmino's parts are those of its
 * card; what the paper calls its mathematics is what the card has beside the five others.
 */
export async function publishedSizes(): Promise<ReadonlyMap<string, SourceSize>> {
  const records = await readTables();
  const sizes = new Map<string, SourceSize>();
  for (const { group, dataset, documents_million: millions } of records("midtrain_mix")) {
    const name = mixtureName(String(group), String(dataset));
    sizes.set(name, { documents: Number(millions) * 1e6, tokens: null });
  }
  const parts = records("dolmino_subsets").map(({ subset, tokens }) => ({
    name:
      [...sizes.keys()].find((name) =>
        name.toLowerCase().startsWith(`dolmino ${String(subset).toLowerCase()}`)
      ) ?? "Dolmino Math",
    tokens: Number(tokens),
  }));
  for (const [name, own] of Map.groupBy(parts, ({ name }) => name)) {
    const documents = sizes.get(name)?.documents ?? 0;
    sizes.set(name, { documents, tokens: own.reduce((sum, { tokens }) => sum + tokens, 0) });
  }
  for (const { dataset, documents, tokens_billion: billions } of records("pretrain_mix")) {
    sizes.set(String(dataset), { documents: Number(documents), tokens: Number(billions) * 1e9 });
  }
  return sizes;
}

/** What data/mixtures calls a row of Table 4. */
export function mixtureName(group: string, dataset: string): string {
  if (group === "Dolmino") return `Dolmino ${dataset}`;
  return group === "Benchmark train sets" ? group : dataset;
}

/** Conversations of a source of Table 5, found by the hub's path that its files are under; undefined: of another source. */
export async function publishedSamples(source: string): Promise<number | undefined> {
  const { reader } = await conversationSource(source);
  if (!("path" in reader)) return undefined;
  const { path } = reader;
  const records = await readTables();
  const found = records("posttrain_data").find(({ hub_path }) => path.endsWith(String(hub_path)));
  return found && parseCount(String(found["samples_paper"]));
}

/** "866K", "3.2M". */
function parseCount(text: string): number {
  const [, digits, suffix] = /^([\d.]+)([KM])$/.exec(text) ?? [];
  if (digits === undefined) throw new RangeError(`"${text}" is no count of samples.`);
  return Math.round(Number(digits) * (suffix === "M" ? 1e6 : 1e3));
}

/** Tokens of sources, as far as they are published. */
export function knownTokens(sources: readonly SourceSize[]): number {
  return sources.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0);
}

/**
 * Tokens of documents that are cut at a length; where a source's mean is unknown, all its documents are as long. An upper bound, for short
 * documents do not make up for long ones.
 *
 * @param limit Documents of each source at most; null: all.
 */
export function cutTokens(sources: readonly SourceSize[], limit: number | null, length: number): number {
  return sources.reduce((sum, { documents, tokens }) => {
    const mean = tokens === null ? length : Math.min(length, tokens / documents);
    return sum + Math.min(documents, limit ?? Infinity) * mean;
  }, 0);
}

/** Bytes of sources as token shards, by a vocabulary above 65,536. */
export function shardBytes(sources: readonly SourceSize[]): number {
  return 4 * knownTokens(sources);
}
