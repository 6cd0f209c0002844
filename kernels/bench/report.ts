/**
 * What a benchmark of several parts says: lines for people, one JSON object for a program.
 * @module
 */

/** Results by name. A part that fails is a result too, and the next one runs. */
export class BenchReport {
  readonly #results: Record<string, unknown> = {};
  #failed = false;

  /** @param flags json: standard output is for the object; out: a file that it is written to after every part. */
  constructor(readonly flags: { readonly json: boolean; readonly out?: string | undefined }) {}

  /** A line for people: on standard error where standard output is for a program. */
  readonly print = (...line: unknown[]): void => {
    (this.flags.json ? console.error : console.log)(...line);
  };

  /** Runs a part. */
  readonly part = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      this.#results[name] = await work();
    } catch (error) {
      this.#failed = true;
      this.#results[name] = { error: (error as Error).message };
      this.print(`${name}: ${(error as Error).message}`);
    }
    if (this.flags.out) await Deno.writeTextFile(this.flags.out, JSON.stringify(this.#results, null, 1));
  };

  /** Ends the program: 1 where a part failed. */
  exit(): never {
    if (this.flags.json) console.log(JSON.stringify(this.#results));
    Deno.exit(this.#failed ? 1 : 0);
  }
}
