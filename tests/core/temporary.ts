/**
 * Directories for tests.
 * @module
 */

/** Runs a test in a directory of its own, and removes it. */
export async function inDirectory<Result>(test: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = await Deno.makeTempDir();
  try {
    return await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What a directory holds, sorted. */
export async function names(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map(({ name }) => name).sort();
}
