/**
 * Conversations to fine-tune on.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { layoutOf, LAYOUTS, type Messages } from "./chat/layouts.ts";
import { type PlacedRecord, readRecords } from "./chat/records.ts";
import { ReferencedQuestions } from "./chat/referenced_questions.ts";
import { type Conversation, documentId } from "./document.ts";
import { problemText, readChallenges } from "./extract/curriculum.ts";
import { hubFiles, hubFolder } from "./hub.ts";
import { recordLicence } from "./licence.ts";
import { packageDirectory, packageFiles } from "./npm.ts";
import { position } from "./read.ts";
import { type NpmReader, type SourceSpec, sourceSpec } from "./spec.ts";
import { readProblemConversations } from "./word_problems/read.ts";

/** Specifications of published sets of conversations, apart from the sources of documents. */
const FOLDER = fileURLToPath(new URL("../../data/sources/conversations/", import.meta.url));

/** Messages before they have an id. */
type Extracted = { readonly messages: Messages; readonly licence?: string | undefined };

/**
 * A source of conversations: by name one of data/sources/conversations or else of data/sources, or a file.
 *
 * @throws {UsageError} for an unknown name or a broken file.
 */
export async function conversationSource(nameOrPath: string): Promise<SourceSpec> {
  const path = join(FOLDER, `${nameOrPath}.json`);
  return await sourceSpec(/^[\w-]+$/.test(nameOrPath) && await exists(path) ? path : nameOrPath);
}

/**
 * The conversations of a source: the solved challenges of an npm source whose extractor is "solutions" or "problems", our own word problems, or the
 * records of JSONL and parquet files in one of the published {@link LAYOUTS}. Streamed, always in the same order.
 *
 * Of the source's limits `share` and `documents` hold; the others are about text.
 *
 * @throws {UsageError} where the source is of another kind, a record is malformed (naming its file and line or row), or there are
 * no conversations.
 *
 * @example
 * ```ts
 * import { readConversations } from "./conversations.ts";
 * import { sourceSpec } from "./spec.ts";
 * import assert from "node:assert/strict";
 * const [first] = await Array.fromAsync(readConversations(await sourceSpec("freecodecamp-solutions")));
 * assert.deepEqual(first?.messages.map(({ role }) => role), ["user", "assistant"]);
 * ```
 */
export async function* readConversations(
  spec: SourceSpec,
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Conversation> {
  const { share, documents = Infinity } = spec.limits;
  let count = 0;
  for await (const { messages, licence = spec.licence } of extracted(spec)) {
    options.signal?.throwIfAborted();
    const id = documentId(JSON.stringify(messages));
    if (position(id) >= share) continue;
    yield { id, source: spec.name, licence, messages };
    if (++count >= documents) return;
  }
  if (count === 0) throw new UsageError(`Source "${spec.name}" has no problems with solutions.`);
}

function extracted({ name, reader }: SourceSpec): AsyncGenerator<Extracted> {
  if (reader.kind === "hub") return readPublished(hubFiles(hubFolder(reader)), reader.path);
  if ("path" in reader) return readPublished([reader.path], reader.path);
  if (reader.kind === "npm" && (reader.extract === "solutions" || reader.extract === "problems")) {
    return readSolvedChallenges(reader);
  }
  if (reader.kind === "word-problems" && reader.texts === "problems") return readProblemConversations(reader);
  throw new UsageError(
    `Source "${name}" has no conversations, expected JSONL or parquet in a published layout, solved challenges, or word problems.`,
  );
}

async function* readSolvedChallenges(reader: NpmReader): AsyncGenerator<Extracted> {
  const root = await packageDirectory(reader.package);
  const paths = packageFiles(root, reader.folders, reader.exclude);
  for await (const challenge of readChallenges({ root, paths })) {
    const { title, starter, language, solution } = challenge;
    if (solution === null) continue;
    const fenced = (code: string) => `\`\`\`${language}\n${code}\n\`\`\``;
    const problem = `${title}\n\n${problemText(challenge)}` +
      (starter === null ? "" : `\n\nBegin with:\n\n${fenced(starter)}`);
    yield {
      messages: [{ role: "user", content: problem }, { role: "assistant", content: fenced(solution) }],
    };
  }
}

/** @param root What other data sets of questions stand beside. */
async function* readPublished(
  paths: Iterable<string> | AsyncIterable<string>,
  root: string,
): AsyncGenerator<Extracted> {
  const questions = new ReferencedQuestions(root);
  for await (const path of paths) {
    for await (const record of readRecords(path)) {
      const messages = await readMessages(record, questions);
      if (messages !== null) yield { messages, licence: recordLicence(record.value) };
    }
  }
}

async function readMessages(
  { value, place }: PlacedRecord,
  questions: ReferencedQuestions,
): Promise<Messages | null> {
  const layout = layoutOf(value);
  if (layout === undefined) {
    throw new UsageError(
      `${place}: expected the fields of ${
        LAYOUTS.map(({ name, fields }) => `${name} (${fields.join(", ")})`).join(", ")
      }; it has ${Object.keys(value).join(", ") || "none"}.`,
    );
  }
  try {
    return await layout.messages(value, questions);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${place} (${layout.name}): ${error.message}`);
    throw error;
  }
}
