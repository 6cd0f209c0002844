/**
 * JSON files that others wrote.
 * @module
 */
import { UsageError } from "../core/errors.ts";

/** Reads and parses a file. @throws {UsageError} where it is missing or no JSON. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new UsageError(`${path} does not exist.`);
    }
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message quotes the file, line ends and all.
    const reason = (error as SyntaxError).message.replace(/[\s\p{Cc}]+/gu, " ");
    throw new UsageError(`${path} is no valid JSON: ${reason}.`);
  }
}
