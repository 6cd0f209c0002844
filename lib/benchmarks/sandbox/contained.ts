/**
 * A Deno process without permissions, held by the operating system's limits, that runs one program.
 *
 * | what is limited                      | by                                                                |
 * | ------------------------------------ | ----------------------------------------------------------------- |
 * | files, environment, network, other   | Deno's permissions: none is granted, none can be asked for; the   |
 * | processes, native libraries          | environment is empty, the working directory too                   |
 * | memory                               | RLIMIT_DATA (Linux), and V8's own limit of its heap               |
 * | writing, even by Deno itself         | RLIMIT_FSIZE = 0                                                  |
 * | open files, core dumps               | RLIMIT_NOFILE, RLIMIT_CORE                                        |
 * | wall time, output                    | the parent, which kills the process                               |
 * | processor time                       | RLIMIT_CPU, for the case that the parent itself is killed         |
 *
 * RLIMIT_AS would count the address space that V8 and WebAssembly reserve and never use (tens of gigabytes); RLIMIT_NPROC does not
 * bind root and counts a user's other processes. Threads are bounded by memory: an isolate reserves over 100 MB of data.
 * @module
 */
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { RunError } from "../../core/errors.ts";
import { READY } from "./host.ts";

/** Longest time limit of a program, in seconds. */
export const LONGEST_SECONDS = 600;

/** What a process is started with. */
export interface ContainedOptions {
  /** The module that runs inside: one of the two hosts. */
  readonly host: URL;
  readonly args: readonly string[];
  /** Bytes for its standard input before any program. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Bytes that it may allocate beyond what it holds at its start. */
  readonly memory: number;
  /** An empty directory. */
  readonly cwd: string;
}

/** How a program ended. */
export type Status = "passed" | "failed" | "exited" | "timeout" | "memory" | "output";

/** What became of a program. */
export interface Outcome {
  /**
   * - `passed`: its last statement ran and no exception ended it;
   * - `failed`: an exception, a syntax error or an exit code other than 0;
   * - `exited`: it ended itself with exit code 0 before its last statement;
   * - `timeout`, `memory`, `output`: it went beyond that limit.
   */
  readonly status: Status;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time. */
  readonly seconds: number;
}

/** A program and its limits. */
export interface Job {
  readonly program: string;
  readonly stdin: string;
  /** Seconds of wall time. */
  readonly timeLimit: number;
  /** Bytes of standard output and standard error together. */
  readonly outputLimit: number;
}

/**
 * Writable data of an idle process in bytes, which RLIMIT_DATA counts too: mostly V8's reservations for code and heaps, hardly any of
 * it resident.
 */
const IDLE_DATA = 1 << 30;

/** One `ulimit` a line: dash takes no more. */
const LIMITED = `ulimit -c 0
ulimit -f 0
ulimit -n 64
ulimit -t ${2 * LONGEST_SECONDS}
ulimit -d "$1"
shift
exec "$@"`;

/** The message for programs that are stopped halfway by whoever runs them. */
export const CLOSED = "The sandbox was closed before the program had ended.";

/** What V8, Rust, JavaScript and Python say where memory ends. */
const OUT_OF_MEMORY =
  /^MemoryError|Array buffer allocation failed|out of memory|memory allocation of \d+ bytes failed|heap limit/m;

/** A frame of the hosts' protocol: its length in 32 bits, little-endian, and its bytes. */
export function frame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(4 + bytes.length);
  new DataView(framed.buffer).setUint32(0, bytes.length, true);
  framed.set(bytes, 4);
  return framed;
}

/** A process that has started and waits for its program, or runs it. */
export class Contained implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #stdout: Uint8Array[] = [];
  readonly #stderr: Uint8Array[] = [];
  readonly #collected: Promise<unknown>;
  readonly #ready = Promise.withResolvers<void>();
  /** Bytes that it may still write. */
  #room = Infinity;
  /** Why it was killed. */
  #killed: Status | "closed" | null = null;

  /** Starts a process; {@link ready} says when it waits for its program. */
  constructor(options: ContainedOptions) {
    this.#child = spawn(options);
    this.#input = this.#child.stdin.getWriter();
    this.#collected = Promise.all([
      this.#collect(this.#child.stdout, this.#stdout, this.#ready.resolve),
      this.#collect(this.#child.stderr, this.#stderr),
    ]);
    // A process that dies early closes its pipe; `ready` tells why.
    this.#input.write(options.payload).catch(() => {});
  }

  /** @throws {RunError} with what it wrote, where it ended instead. */
  async ready(): Promise<void> {
    await Promise.race([this.#ready.promise, this.#collected]);
    if (this.#stdout[0]?.[0] === READY) return;
    await this.#collected;
    if (this.#killed === "closed") throw new RunError(CLOSED);
    throw new RunError(`The sandbox did not start: ${text(this.#stderr).trim() || "it ended at once"}.`);
  }

  /**
   * Runs the process's one program to its end.
   *
   * @throws {RunError} as {@link ready}, and where the process is disposed of meanwhile.
   */
  async run({ program, stdin, timeLimit, outputLimit }: Job): Promise<Outcome> {
    await this.ready();
    this.#stdout.length = 0;
    this.#room = outputLimit;
    const seal = crypto.getRandomValues(new Uint8Array(32));
    const started = performance.now();
    const timer = setTimeout(() => this.#kill("timeout"), timeLimit * 1000);
    const encoder = new TextEncoder();
    const job = [frame(seal), frame(encoder.encode(program)), encoder.encode(stdin)];
    // A program need not read its input: then the pipe breaks, and nothing is wrong.
    this.#input.write(Buffer.concat(job)).then(() => this.#input.close()).catch(() => {});
    const [{ code }] = await Promise.all([this.#child.status, this.#collected]);
    clearTimeout(timer);
    if (this.#killed === "closed") throw new RunError(CLOSED);

    const output = Buffer.concat(this.#stdout);
    const sealed = output.indexOf(seal);
    const written = sealed < 0
      ? output
      : Buffer.concat([output.subarray(0, sealed), output.subarray(sealed + seal.length)]);
    const stderr = text(this.#stderr);
    const status = this.#killed ??
      (code === 0 ? sealed < 0 ? "exited" : "passed" : OUT_OF_MEMORY.test(stderr) ? "memory" : "failed");
    return { status, stdout: text([written]), stderr, seconds: (performance.now() - started) / 1000 };
  }

  /** Ends the process, whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("closed");
    await Promise.all([this.#child.status, this.#collected]);
  }

  #kill(reason: Status | "closed"): void {
    this.#killed ??= reason;
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It is gone already.
    }
  }

  async #collect(
    stream: ReadableStream<Uint8Array>,
    chunks: Uint8Array[],
    onChunk = () => {},
  ): Promise<void> {
    for await (const chunk of stream) {
      if (chunk.length > this.#room) this.#kill("output");
      const kept = chunk.subarray(0, this.#room);
      this.#room -= kept.length;
      chunks.push(kept);
      onChunk();
    }
  }
}

/** Bytes as text; what is no UTF-8 becomes U+FFFD. */
function text(chunks: readonly Uint8Array[]): string {
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Starts a process without permissions under the limits of this module.
 *
 * @throws {RunError} where the system has no POSIX shell.
 */
export function spawn({ host, args, memory, cwd }: Omit<ContainedOptions, "payload">): Deno.ChildProcess {
  const kilobytes = Math.ceil((IDLE_DATA + memory) / 1024);
  const heap = Math.ceil(memory / 2 ** 20);
  const deno = [
    "run",
    "--quiet",
    "--no-prompt",
    ...["read", "write", "net", "env", "sys", "run", "ffi", "import"].map((permission) =>
      `--deny-${permission}`
    ),
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--no-npm",
    "--no-code-cache",
    `--v8-flags=--max-old-space-size=${heap},--wasm-max-mem-pages=${heap * 16}`,
    fileURLToPath(host),
    ...args,
  ];
  try {
    return new Deno.Command("/bin/sh", {
      args: ["-c", LIMITED, "sh", `${kilobytes}`, Deno.execPath(), ...deno],
      cwd,
      clearEnv: true,
      // Deno has nowhere to keep anything: no cache, no localStorage.
      env: { DENO_DIR: "/dev/null/none", NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new RunError("The sandbox sets its limits by /bin/sh, which is not there.");
    }
    throw error;
  }
}
