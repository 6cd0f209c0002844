/**
 * Documents from token shards: they travel as a few files, without the sources and the tokenizer that they came from.
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { openShards } from "../../shards/reader.ts";
import type { GroupedDocument } from "./options.ts";

/**
 * The first documents of each directory of shards in a directory; the shards' source is their group.
 *
 * @param limit Documents of each group at most.
 * @throws {UsageError} where there are no shards, they are damaged, or of another vocabulary than the model.
 */
export async function readGroupedDocuments(
  directory: string,
  vocabularySize: number,
  limit: number,
): Promise<GroupedDocument[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) if (entry.isDirectory) names.push(entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`${directory} does not exist.`);
    throw error;
  }
  if (names.length === 0) throw new UsageError(`${directory} holds no directories of token shards.`);
  const documents: GroupedDocument[] = [];
  for (const name of names.sort()) {
    using shards = await openShards(join(directory, name));
    if (shards.vocabularySize !== vocabularySize) {
      throw new UsageError(
        `${
          join(directory, name)
        } has a vocabulary of ${shards.vocabularySize}, the model one of ${vocabularySize}.`,
      );
    }
    const tokens = shards.read(0, shards.tokens), numbers = shards.documentsOf(0, shards.tokens);
    for (let from = 0, count = 0; from < tokens.length && count < limit; count++) {
      let to = from + 1;
      while (to < tokens.length && numbers[to] === numbers[from]) to++;
      documents.push({ group: shards.source, tokens: tokens.subarray(from, to) });
      from = to;
    }
  }
  return documents;
}
