/**
 * Files of one JSON value a line, streamed.
 * @module
 */
import { RunError } from "./errors.ts";

/**
 * Reads a JSONL file that this project wrote itself.
 *
 * @throws {RunError} naming file and line where a line is no JSON.
 */
export async function* readJsonLines<Value>(path: string): AsyncGenerator<Value> {
  // The stream closes the file, at its end and on an early exit.
  const file = await Deno.open(path, { read: true });
  let rest = "", line = 0;
  for await (const chunk of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) yield parseLine(path, ++line, text);
  }
  if (rest !== "") yield parseLine(path, ++line, rest);
}

function parseLine<Value>(path: string, line: number, text: string): Value {
  try {
    return JSON.parse(text);
  } catch {
    throw new RunError(`${path}: line ${line} is no JSON; the file was altered or cut short.`);
  }
}
