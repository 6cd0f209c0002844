/**
 * `metrics.jsonl` on disk: appended while training, cut back to the checkpoint on a resume.
 * @module
 */
import { dirname } from "node:path";
import { writeFileAtomic } from "../core/artefacts.ts";
import type { Metrics } from "./metrics.ts";

/** Reads a log; a last line that a crash cut short is dropped. */
export async function readMetrics(path: string): Promise<Metrics[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole.split("\n").filter((line) => line !== "").map((line): Metrics => JSON.parse(line));
}

/** An open log. Lines are in the file as soon as `append` returns. */
export class MetricsLog implements Disposable {
  /** Training tokens up to where the log stood when it was opened. */
  readonly tokens: number;
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile, tokens: number) {
    this.#file = file;
    this.tokens = tokens;
  }

  /** Opens a log and forgets what lies after `step`: the resumed run will say it again. */
  static async open(path: string, step: number): Promise<MetricsLog> {
    await Deno.mkdir(dirname(path), { recursive: true });
    const kept = (await readMetrics(path)).filter((entry) => entry.step <= step);
    await writeFileAtomic(path, kept.map((entry) => JSON.stringify(entry) + "\n").join(""));
    return new MetricsLog(await Deno.open(path, { append: true }), kept.at(-1)?.tokens ?? 0);
  }

  /** Adds a line. */
  append(entry: Metrics): void {
    this.#file.writeSync(new TextEncoder().encode(JSON.stringify(entry) + "\n"));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
