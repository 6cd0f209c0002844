/**
 * What the two programs inside the sandbox share: `python_host.ts` and `javascript_host.ts`.
 *
 * They run without permissions, one program each, and speak with `contained.ts` over their pipes:
 *
 * 1. in: frames (32-bit little-endian length, bytes) that the host needs to start; out: {@link READY};
 * 2. in: a frame with the seal, a frame with the program; what follows is the program's standard input;
 * 3. out: whatever the program writes, and the seal once its last statement has run.
 *
 * The seal is random. A program cannot learn it before it has ended: it stands in an array outside the JavaScript heap
 * (which `node:v8` shows to anyone), held by a closure alone.
 * @module
 */

/** The byte that says: started, waiting for a program. */
export const READY = 6;

// Taken before any program can put something else in their place.
const readInput = Deno.stdin.readSync.bind(Deno.stdin);
const writeOutput = Deno.stdout.writeSync.bind(Deno.stdout);
const writeError = Deno.stderr.writeSync.bind(Deno.stderr);
const exit = Deno.exit;

/** Reads standard input; 0 at its end. */
export function readStdin(buffer: Uint8Array): number {
  return readInput(buffer) ?? 0;
}

/** Writes all bytes to standard output. */
export function writeStdout(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeOutput(bytes.subarray(written));
}

/** Writes all bytes to standard error. */
export function writeStderr(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeError(bytes.subarray(written));
}

/** The next frame. Ends the process where the parent is gone. */
export function readFrame(): Uint8Array<ArrayBuffer> {
  const header = readExactly(4);
  return readExactly(new DataView(header.buffer).getUint32(0, true));
}

function readExactly(length: number): Uint8Array<ArrayBuffer> {
  // An explicit buffer lies outside the JavaScript heap, however short it is.
  const bytes = new Uint8Array(new ArrayBuffer(length));
  for (let filled = 0; filled < length;) {
    const count = readStdin(bytes.subarray(filled));
    if (count === 0) exit(0);
    filled += count;
  }
  return bytes;
}

/** A program and what says that it has run to its end. */
export interface Job {
  readonly program: string;
  /** Writes the seal. */
  readonly confirm: () => void;
}

/** Waits for the one program of this process. */
export function receiveJob(): Job {
  writeStdout(new Uint8Array([READY]));
  const seal = readFrame();
  const program = new TextDecoder().decode(readFrame());
  // One write, which a pipe takes whole, by a function that is nobody's but Deno's.
  return { program, confirm: () => void writeOutput(seal) };
}
