/**
 * Prompts of Ask-LLM: text files with one place for the document.
 * @module
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";

/** What a prompt file has where the document goes. */
const PLACE = "{document}";

const FOLDER = fileURLToPath(new URL("../../data/prompts/", import.meta.url));

/** A question about a document whose answer is 1 or 0. */
export interface Prompt {
  /** Name of its file. */
  readonly name: string;
  /** Text before the document. */
  readonly before: string;
  /** Text after it. */
  readonly after: string;
  /** The first 16 hex digits of the SHA-256 of the whole. */
  readonly hash: string;
}

/**
 * Loads a prompt: "reasoning", "code", "math" or "knowledge" from data/prompts, or a path (anything with a slash or a dot in it).
 *
 * @throws {UsageError} where there is no such file, or where it does not have "{document}" exactly once.
 *
 * @example
 * ```ts
 * import { loadPrompt } from "./prompt.ts";
 * import assert from "node:assert/strict";
 * const { before, after } = await loadPrompt("reasoning");
 * assert.equal(before, "###\n");
 * assert.match(after, /Answer:$/);
 * ```
 */
export async function loadPrompt(nameOrPath: string): Promise<Prompt> {
  const path = /[/\\.]/.test(nameOrPath) ? nameOrPath : join(FOLDER, `${nameOrPath}.txt`);
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const known = Array.from(Deno.readDirSync(FOLDER), (entry) => basename(entry.name, ".txt")).sort();
    throw new UsageError(
      `Prompt "${nameOrPath}" does not exist, expected a file or one of ${known.join(", ")}.`,
    );
  }
  const [before, after, ...more] = text.trim().split(PLACE);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new UsageError(
      `${path} has ${PLACE} ${more.length + (after === undefined ? 0 : 1)} times, expected once.`,
    );
  }
  return { name: basename(path, ".txt"), before, after, hash: sha256(text.trim()).slice(0, 16) };
}
