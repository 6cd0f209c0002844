/**
 * Runs programs that a model has written.
 *
 * Every program gets a process of its own ({@link Contained}), started ahead and thrown away afterwards: nothing can leak from one
 * program to the next, and a program that hangs is killed. Python runs in Pyodide, which starts from a snapshot of its memory.
 *
 * **What it protects:** files, environment, network and processes of the host; memory, disk and time of the machine; the verdict `passed`,
 * which needs both exit code 0 and a seal that no program can read.
 *
 * **What it does not protect from:** a flaw in V8, Deno or the kernel (for code that is hostile rather than wrong, use a virtual machine);
 * timing and other side channels; the paths of Deno and of the host module, which a program can see; a program that tampers with tests in
 * its own interpreter (an `__eq__` that is always true, a trace function that jumps over an assertion, Python's memory changed through
 * `ctypes`): those who publish scores should read the programs that passed. On macOS the system does not
 * enforce the memory limit, so V8's limit of the heap alone holds there. Windows has no `ulimit`.
 *
 * Not there, so that programs that need them fail: Python's threads and processes, and packages outside the standard library.
 * @module
 */
import pLimit from "p-limit";
import { RunError, UsageError } from "../../core/errors.ts";
import { CLOSED, Contained, LONGEST_SECONDS, type Outcome } from "./contained.ts";
import { PYTHON_HOST, pythonPayload } from "./pyodide.ts";

export type { Outcome, Status } from "./contained.ts";

/** Languages of programs. */
export type Language = "python" | "javascript" | "typescript";

/** What a sandbox is opened with. */
export interface SandboxOptions {
  readonly language: Language;
  /** Programs that run at the same time; by default one for each core. */
  readonly workers?: number;
  /** Bytes that a program may allocate; 512 MiB by default. */
  readonly memory?: number;
}

/** The limits of one program. */
export interface RunOptions {
  /** Its standard input; empty by default. */
  readonly stdin?: string;
  /** Seconds of wall time, at most {@link LONGEST_SECONDS}. */
  readonly timeLimit: number;
  /** Bytes of standard output and standard error together; 1 MiB by default. */
  readonly outputLimit?: number;
}

const JAVASCRIPT_HOST = new URL("./javascript_host.ts", import.meta.url);

/** A place where programs of one language run. */
export interface Sandbox extends AsyncDisposable {
  /**
   * Runs a program; where all workers are busy it waits, and its time starts when it does.
   *
   * @throws {UsageError} where the time limit is out of range.
   * @throws {RunError} where no process starts, and where the sandbox is closed meanwhile.
   */
  run(program: string, options: RunOptions): Promise<Outcome>;
}

/**
 * Opens a sandbox. Python takes some seconds for its snapshot; each of its processes, of which there are two for a worker (one runs, one
 * waits), holds about 180 MB.
 *
 * @example
 * ```ts
 * import { openSandbox } from "./sandbox.ts";
 * await using sandbox = await openSandbox({ language: "javascript", workers: 1 });
 * const { status, stdout } = await sandbox.run("console.log(6 * 7)", { timeLimit: 5 });
 * if (status !== "passed" || stdout !== "42\n") throw new Error(status);
 * ```
 * @throws {UsageError} where `workers` or `memory` is no positive whole number.
 * @throws {RunError} where Python does not start.
 */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { language, workers = navigator.hardwareConcurrency, memory = 512 * 2 ** 20 } = options;
  for (const [name, value] of Object.entries({ workers, memory })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new UsageError(`The sandbox's ${name} is ${value}, expected a positive whole number.`);
  }
  const cwd = await Deno.makeTempDir();
  try {
    const start = language === "python"
      ? { host: PYTHON_HOST, args: [], payload: await pythonPayload(cwd), memory, cwd }
      : { host: JAVASCRIPT_HOST, args: [language], payload: new Uint8Array(), memory, cwd };
    return new ProcessPool(() => new Contained(start), workers, cwd);
  } catch (error) {
    await Deno.remove(cwd, { recursive: true });
    throw error;
  }
}

/** Processes that have started before there is a program for them, one for each worker. */
class ProcessPool implements Sandbox {
  readonly #start: () => Contained;
  readonly #spares: Contained[];
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #cwd: string;
  readonly #running = new Set<Contained>();
  #closed = false;

  constructor(start: () => Contained, workers: number, cwd: string) {
    this.#start = start;
    this.#spares = Array.from({ length: workers }, start);
    this.#limit = pLimit(workers);
    this.#cwd = cwd;
  }

  async run(program: string, { stdin = "", timeLimit, outputLimit = 2 ** 20 }: RunOptions): Promise<Outcome> {
    if (!(timeLimit > 0 && timeLimit <= LONGEST_SECONDS)) {
      throw new UsageError(`The time limit is ${timeLimit}, expected seconds up to ${LONGEST_SECONDS}.`);
    }
    return await this.#limit(async () => {
      if (this.#closed) throw new RunError(CLOSED);
      const process = this.#spares.shift() ?? this.#start();
      this.#spares.push(this.#start());
      this.#running.add(process);
      try {
        return await process.run({ program, stdin, timeLimit, outputLimit });
      } finally {
        this.#running.delete(process);
      }
    });
  }

  /** Ends all processes; programs that run or wait are rejected. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#spares, ...this.#running].map((process) => process[Symbol.asyncDispose]()));
    await Deno.remove(this.#cwd, { recursive: true });
  }
}
