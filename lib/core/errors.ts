/**
 * Errors that say, in one sentence, what was wrong; each knows its exit code.
 * @module
 */

/** The caller gave something unusable: a flag, a file, a recipe key. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The work itself failed: a diverged loss, a full disk, an altered file. Exit code 1. */
export class RunError extends Error {
  override readonly name = "RunError";
}

/** Someone stopped the work; its state is saved. Exit code 130. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** Exit code of a process that ends with this error. */
export function exitCodeOf(error: unknown): 1 | 2 | 130 {
  if (error instanceof UsageError) return 2;
  if (error instanceof InterruptedError) return 130;
  return 1;
}
