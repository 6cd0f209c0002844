/**
 * A process that compares answers, seen from outside.
 * @module
 */
import { fileURLToPath } from "node:url";
import { RunError } from "../../core/errors.ts";

/** One comparison at a time; the process does not keep this one from ending while nothing is asked. */
export class Comparer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #rest = "";
  #ended = false;

  private constructor() {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "--no-prompt",
        "--allow-env",
        fileURLToPath(new URL("./comparison_process.ts", import.meta.url)),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts it; the algebra system takes about a second to load. */
  static async start(): Promise<Comparer> {
    const comparer = new Comparer();
    await comparer.#answer();
    comparer.#child.unref();
    return comparer;
  }

  /** @throws {RunError} where the process has ended. */
  async equal(answer: string, gold: string): Promise<boolean> {
    this.#child.ref();
    try {
      await this.#input.write(new TextEncoder().encode(`${JSON.stringify([answer, gold])}\n`));
      return await this.#answer() === true;
    } finally {
      if (!this.#ended) this.#child.unref();
    }
  }

  /** The next line. */
  async #answer(): Promise<unknown> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#output.read();
      if (done) throw new RunError("The grader's process ended by itself.");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return JSON.parse(line);
  }

  /** Kills it, whatever it is doing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    // Its end is waited for.
    this.#child.ref();
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended before.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await this.#input.abort().catch(() => {});
    await this.#output.cancel().catch(() => {});
  }
}
