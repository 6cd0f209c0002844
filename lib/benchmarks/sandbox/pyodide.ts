/**
 * What a Python host starts from: Pyodide's files, and the memory of an interpreter that has already started.
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunError } from "../../core/errors.ts";
import { frame, spawn } from "./contained.ts";

/** The module that runs Python inside. */
export const PYTHON_HOST = new URL("./python_host.ts", import.meta.url);

/** Bytes that making the snapshot may allocate. */
const SNAPSHOT_MEMORY = 1 << 30;

/**
 * The bytes for a Python host's standard input; making them takes seconds, once for all its programs.
 *
 * @param cwd An empty directory.
 * @throws {RunError} where Pyodide is not installed as this project pins it, or does not start.
 */
export async function pythonPayload(cwd: string): Promise<Uint8Array<ArrayBuffer>> {
  const directory = join(fileURLToPath(import.meta.resolve("pyodide")), "..");
  const read = (name: string) => Deno.readFile(join(directory, name));
  const files = [
    functionBody(await read("pyodide.asm.mjs"), /export default (\w+);\s*$/, "return $1;"),
    functionBody(
      await read("pyodide.mjs"),
      /export\s*\{(\w+) as loadPyodide,[^}]*\};/,
      "return { loadPyodide: $1 };",
    ),
    await read("pyodide.asm.wasm"),
    await read("python_stdlib.zip"),
  ].map(frame);
  const snapshot = await makeSnapshot(files, cwd);
  return concatenate([...files, frame(snapshot)]);
}

/**
 * A module of Pyodide as the body of a function that returns its export: Deno's module loader parses every module a second time, which
 * for Pyodide's takes a third of a start.
 */
function functionBody(module: Uint8Array, exported: RegExp, returned: string): Uint8Array {
  const source = new TextDecoder().decode(module);
  if (!exported.test(source)) throw new RunError("Pyodide is not the version that this project pins.");
  return new TextEncoder().encode(
    source.replace(exported, returned).replaceAll("import.meta.url", '"http://pyodide.invalid/"'),
  );
}

async function makeSnapshot(files: readonly Uint8Array[], cwd: string): Promise<Uint8Array> {
  const child = spawn({ host: PYTHON_HOST, args: [], memory: SNAPSHOT_MEMORY, cwd });
  const output = child.output();
  const input = child.stdin.getWriter();
  // Where it dies early the pipe breaks; its exit code tells.
  await input.write(concatenate([...files, frame(new Uint8Array())])).then(() => input.close()).catch(
    () => {},
  );
  const { success, stdout, stderr } = await output;
  if (!success) throw new RunError(`Python did not start: ${new TextDecoder().decode(stderr).trim()}.`);
  return stdout;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
