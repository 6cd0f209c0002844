/**
 * Runs one Python program inside the sandbox, by Pyodide, whose files come over standard input: the process may read none.
 *
 * A start from scratch takes seconds. So a first process starts Python, imports what programs use most and hands back its memory; all
 * others begin from that snapshot.
 * @module
 */
import type { loadPyodide } from "pyodide";
import { readFrame, readStdin, receiveJob, writeStderr, writeStdout } from "./host.ts";

/** Modules that the snapshot holds: their import would cost every program that needs them up to half a second. */
const PRELOADED =
  "bisect, collections, copy, datetime, decimal, fractions, functools, hashlib, heapq, itertools, " +
  "json, math, operator, random, re, statistics, string, sys, traceback, typing";

/** The parts of Python's C interface that decide whether a program has ended well. */
interface PythonExports {
  readonly malloc: (bytes: number) => number;
  readonly memory: WebAssembly.Memory;
  /** Runs UTF-8 text in `__main__`: 0 where it ends without an exception, which is printed otherwise. */
  readonly PyRun_SimpleStringFlags: (text: number, flags: 0) => number;
}

const exit = Deno.exit;
const [runtimeSource, loaderSource, wasm, library, snapshot] = [
  new TextDecoder().decode(readFrame()),
  new TextDecoder().decode(readFrame()),
  readFrame(),
  readFrame(),
  readFrame(),
];

// Pyodide shall take this for a browser's worker, not for Node, whose files it would look for.
Reflect.deleteProperty(globalThis, "Deno");
Reflect.deleteProperty(globalThis, "process");
Reflect.deleteProperty(Navigator.prototype, "gpu");
class Anything {
  static [Symbol.hasInstance](): boolean {
    return true;
  }
}
let python: PythonExports | undefined;
Object.assign(globalThis, {
  WorkerGlobalScope: Anything,
  location: new URL("http://pyodide.invalid/"),
  fetch: (url: URL) => Promise.resolve(new Response(url.pathname.endsWith(".zip") ? library : null)),
});
WebAssembly.instantiateStreaming = async (_, imports) => {
  const source = await WebAssembly.instantiate(wasm, imports);
  // The exports of Pyodide's main module are those of CPython.
  python = source.instance.exports as unknown as PythonExports;
  return source;
};

const { loadPyodide: load } = new Function(loaderSource)() as { loadPyodide: typeof loadPyodide };
const pyodide = await load({
  indexURL: "http://pyodide.invalid/",
  createPyodideModule: new Function(runtimeSource)(),
  // No packages: what is not in the standard library is not there.
  lockFileContents: {
    info: { abi_version: "2026_0", arch: "wasm32", platform: "", version: "", python: "" },
    packages: {},
  },
  // Python's `js` module is empty.
  jsglobals: {},
  // Empty: sys.exit() ends the process.
  env: { HOME: "/home", PYTHONINSPECT: "" },
  ...(snapshot.length === 0 ? { _makeSnapshot: true } : { _loadSnapshot: snapshot }),
});
if (snapshot.length === 0) {
  pyodide.runPython(`import ${PRELOADED}`);
  writeStdout(pyodide.makeMemorySnapshot());
  exit(0);
}
if (python === undefined) throw new Error("Pyodide started without its WebAssembly module.");
const { malloc, memory, PyRun_SimpleStringFlags: run } = python;
pyodide.setStdin({ read: readStdin });
pyodide.setStdout({ write: writeAll(writeStdout) });
pyodide.setStderr({ write: writeAll(writeStderr) });

const { program, confirm } = receiveJob();
const source = inMemory(program);
const flush = inMemory("import sys\nsys.__stdout__.flush()\nsys.__stderr__.flush()");
try {
  // WebAssembly's own answer, with no JavaScript in between that the program might have changed.
  const ended = run(source, 0) === 0;
  if (ended) confirm();
  run(flush, 0);
  exit(ended ? 0 : 1);
} catch (error) {
  // sys.exit() and os._exit() arrive as Emscripten's ExitStatus.
  const status = (error as { status?: unknown }).status;
  if (typeof status === "number") exit(status);
  throw error;
}

/** Text in Python's memory, as C has it; returns its address. */
function inMemory(text: string): number {
  const bytes = new TextEncoder().encode(text + "\0");
  const address = malloc(bytes.length);
  new Uint8Array(memory.buffer).set(bytes, address);
  return address;
}

function writeAll(write: (bytes: Uint8Array) => void): (bytes: Uint8Array) => number {
  return (bytes) => {
    write(bytes);
    return bytes.length;
  };
}
