/**
 * A log with an entry or more a step, cut back to the checkpoint on a resume.
 * @module
 */
import { writeFileAtomic } from "../../core/artefacts.ts";

/** JSON Lines; lines are with the operating system as soon as `append` returns. */
export class StepLog<Entry extends { readonly step: number }> {
  private constructor(readonly path: string) {}

  /** Opens a log and forgets what lies after `step`: the resumed run will say it again. */
  static async open<Entry extends { readonly step: number }>(
    path: string,
    step: number,
  ): Promise<StepLog<Entry>> {
    const kept = (await readSteps<Entry>(path)).filter((entry) => entry.step <= step);
    await writeFileAtomic(path, kept.map(lineOf).join(""));
    return new StepLog(path);
  }

  append(...entries: readonly Entry[]): void {
    Deno.writeTextFileSync(this.path, entries.map(lineOf).join(""), { append: true });
  }
}

/** Entries of a log; none where there is no file. A last line that a crash cut short is dropped. */
export async function readSteps<Entry>(path: string): Promise<Entry[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.slice(0, text.lastIndexOf("\n") + 1).split("\n").filter((line) => line !== "")
    .map((line): Entry => JSON.parse(line));
}

function lineOf(entry: unknown): string {
  return JSON.stringify(entry) + "\n";
}
