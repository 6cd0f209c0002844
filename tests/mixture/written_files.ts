/**
 * Files in folders, and readers that refuse them.
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { inDirectory } from "../core/temporary.ts";

/** Asserts that what a folder's files give is refused. */
export async function refused(
  files: Readonly<Record<string, string>>,
  read: (directory: string) => Promise<unknown>,
  message: RegExp,
): Promise<void> {
  await inDirectory(async (directory) => {
    await write(directory, files);
    await assert.rejects(read(directory), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

/** Writes files by their names, folders included. */
export async function write(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(directory, name)), { recursive: true });
    await Deno.writeTextFile(join(directory, name), text);
  }
}
