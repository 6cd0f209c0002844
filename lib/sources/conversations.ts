/**
 * Problems with their solutions, as conversations to fine-tune on.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type Conversation, documentId } from "./document.ts";
import { problemText, readChallenges } from "./extract/curriculum.ts";
import { readJsonLines } from "./jsonl.ts";
import { recordLicence } from "./licence.ts";
import { packageDirectory, packageFiles } from "./npm.ts";
import type { NpmReader, SourceSpec } from "./spec.ts";

/** Problems and solutions before they have an id. */
type Pair = { readonly problem: string; readonly solution: string; readonly licence?: string | undefined };

/**
 * The conversations of a source: the solved challenges of an npm source whose extractor is "solutions" or "problems", or a JSONL
 * file in GSM8K's layout (`question`, `answer`). The source's limits count documents and are not applied here.
 *
 * @throws {UsageError} where the source is of another kind, malformed, or has no pairs.
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
  let count = 0;
  for await (const { problem, solution, licence = spec.licence } of readPairs(spec)) {
    options.signal?.throwIfAborted();
    const messages = [
      { role: "user" as const, content: problem },
      { role: "assistant" as const, content: solution },
    ];
    yield { id: documentId(JSON.stringify(messages)), source: spec.name, licence, messages };
    count++;
  }
  if (count === 0) throw new UsageError(`Source "${spec.name}" has no problems with solutions.`);
}

function readPairs({ name, reader }: SourceSpec): AsyncGenerator<Pair> {
  if (reader.kind === "jsonl") return readQuestions(reader.path);
  if (reader.kind === "npm" && (reader.extract === "solutions" || reader.extract === "problems")) {
    return readSolvedChallenges(reader);
  }
  throw new UsageError(
    `Source "${name}" has no conversations, expected a JSONL file with "question" and "answer" or solved challenges.`,
  );
}

async function* readSolvedChallenges(reader: NpmReader): AsyncGenerator<Pair> {
  const root = await packageDirectory(reader.package);
  const paths = packageFiles(root, reader.folders, reader.exclude);
  for await (const challenge of readChallenges({ root, paths })) {
    const { title, starter, language, solution } = challenge;
    if (solution === null) continue;
    const fenced = (code: string) => `\`\`\`${language}\n${code}\n\`\`\``;
    const problem = `${title}\n\n${problemText(challenge)}` +
      (starter === null ? "" : `\n\nBegin with:\n\n${fenced(starter)}`);
    yield { problem, solution: fenced(solution) };
  }
}

async function* readQuestions(path: string): AsyncGenerator<Pair> {
  for await (const { value, number } of readJsonLines(path)) {
    const { question, answer } = value;
    if (typeof question !== "string" || typeof answer !== "string") {
      throw new UsageError(`${path}, line ${number}: expected the texts "question" and "answer".`);
    }
    yield { problem: question, solution: answer, licence: recordLicence(value) };
  }
}
