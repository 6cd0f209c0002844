/**
 * Other programs, with a time limit: whatever they do, this process gets an answer.
 * @module
 */

/** What became of a program. */
export interface ProcessResult {
  /** Exit code; 124 where the time limit ended it. */
  readonly code: number;
  readonly stdout: string;
  /** Standard output and standard error, lines in the order of their arrival. */
  readonly output: string;
}

/** How a program runs. */
export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Its standard input; empty by default. */
  readonly input?: string;
  /** Wall time after which it is ended. */
  readonly seconds?: number;
  /** Ends it when someone presses Ctrl-C. */
  readonly signal?: AbortSignal;
  /** Called with each line of both streams, without its line end. */
  readonly onLine?: (line: string) => void;
}

/** Time from a polite SIGTERM to SIGKILL, and from there until its pipes are given up. */
const GRACE_MS = 1500;

/** Exit code of a program that ran out of time, as coreutils' timeout(1) has it. */
export const TIMED_OUT = 124;

/**
 * Runs a program to its end.
 *
 * @returns `null` where there is no such program.
 * @throws the signal's reason where it is aborted.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult | null> {
  const { cwd, env, input = "", seconds, signal, onLine = () => {} } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, cwd, env);
  if (child === null) return null;

  const timers: ReturnType<typeof setTimeout>[] = [];
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
  const end = () => {
    kill(child, "SIGTERM");
    timers.push(setTimeout(() => kill(child, "SIGKILL"), GRACE_MS), setTimeout(giveUp, 2 * GRACE_MS));
  };
  let timedOut = false;
  if (seconds !== undefined) {
    timers.push(setTimeout(() => {
      timedOut = true;
      end();
    }, seconds * 1000));
  }
  signal?.addEventListener("abort", end, { once: true });
  try {
    const stdout: string[] = [], output: string[] = [];
    const finished = Promise.all([
      child.status,
      readLines(child.stdout, (line) => {
        stdout.push(line);
        output.push(line);
        onLine(line);
      }),
      readLines(child.stderr, (line) => {
        output.push(line);
        onLine(line);
      }),
      writeInput(child.stdin, input),
    ]);
    // A grandchild may hold the pipes open long after the child is gone.
    const [status] = await Promise.race([finished, givenUp.then(() => [])]);
    signal?.throwIfAborted();
    const code = timedOut ? TIMED_OUT : status?.code ?? 1;
    return { code, stdout: stdout.join("\n"), output: output.join("\n") };
  } finally {
    timers.forEach(clearTimeout);
    signal?.removeEventListener("abort", end);
  }
}

function spawn(
  command: string,
  args: readonly string[],
  cwd: string | undefined,
  env: Record<string, string> | undefined,
): Deno.ChildProcess | null {
  try {
    return new Deno.Command(command, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It is gone already.
  }
}

async function readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  }
  if (rest !== "") onLine(rest);
}

async function writeInput(stream: WritableStream<Uint8Array<ArrayBuffer>>, input: string): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // The program ended without reading its input; its exit code tells the rest.
  }
}
