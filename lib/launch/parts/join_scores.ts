/**
 * Scores of ranks, and a server's answers behind them, as the files that one machine would have written.
 * @module
 */
import { join } from "node:path";
import { exists, writeAll, writeFileAtomic } from "../../core/artefacts.ts";
import { RunError } from "../../core/errors.ts";
import { readJsonLines } from "../../core/lines.ts";
import { AppendLog } from "../../curation/append_log.ts";
import { SCORES } from "../../curation/scores.ts";
import { JUDGEMENTS } from "../../pipeline/stages/curation_scorers.ts";
import { walkFiles } from "../../sources/files.ts";

/**
 * Joins the scores and answers that lie in some directories.
 *
 * @param directories In the order of their ranks. @param target A directory without any.
 * @throws {RunError} where two of a source's files are of different scorers.
 */
export async function joinScores(directories: readonly string[], target: string): Promise<void> {
  for (const [path, files] of await gather(directories, SCORES)) await joinFiles(files, join(target, path));
  for (const [path, files] of await gather(directories, JUDGEMENTS)) {
    await joinAnswers(files, join(target, path));
  }
}

/** The files of a folder, by their paths. */
async function gather(directories: readonly string[], folder: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const directory of directories) {
    if (!await exists(join(directory, folder))) continue;
    for await (const path of walkFiles(directory, folder)) {
      found.set(path, [...found.get(path) ?? [], join(directory, path)]);
    }
  }
  return found;
}

/** One file from several; they begin with the same line, which stays once. */
async function joinFiles(files: readonly string[], target: string): Promise<void> {
  const header = new Set<string>();
  await writeFileAtomic(target, async (out) => {
    for (const path of files) {
      const bytes = await Deno.readFile(path);
      const end = bytes.indexOf(10) + 1; // A newline.
      if (header.size === 0) await writeAll(out, bytes.subarray(0, end));
      header.add(new TextDecoder().decode(bytes.subarray(0, end)));
      if (header.size > 1) {
        throw new RunError(`${path} has the scores of another scorer than those before it.`);
      }
      await writeAll(out, bytes.subarray(end));
    }
  });
}

/** One log of answers from several, in order of the documents' ids. */
async function joinAnswers(files: readonly string[], target: string): Promise<void> {
  // What an interrupted sitting left would stand there twice.
  if (await exists(target)) await Deno.remove(target);
  let log: AppendLog<{ readonly id: string }> | undefined;
  for (const path of files) {
    const [header, ...answers] = await Array.fromAsync(readJsonLines<{ readonly id: string }>(path));
    log ??= await AppendLog.open(target, header);
    log.append(answers);
  }
  await log?.sort(({ id }) => id);
}
