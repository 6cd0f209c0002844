/**
 * From notebooks to the files of tasks, and back to the question whether both still say the same.
 * @module
 */
import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from "diff";
import { join, relative } from "node:path";
import { exists, writeFileAtomic } from "../../core/artefacts.ts";
import { RunError, UsageError } from "../../core/errors.ts";
import { readNotebook } from "../notebook.ts";
import { findNotebooks } from "../notebook_check.ts";
import { runProcess } from "../subprocess.ts";
import { isPromotable, promoteNotebook } from "./promoted_task.ts";
import { readProvenance, sealed } from "./provenance.ts";

/** What a notebook makes of its task's file. */
export interface Promotion {
  readonly name: string;
  /** Relative to the project's root. */
  readonly notebook: string;
  /** Relative to the project's root: tasks/NAME.ts. */
  readonly file: string;
  /** What the file should say. */
  readonly text: string;
  /** What it says; null: it is not there. */
  readonly present: string | null;
}

/** A file that does not say what its notebook does. */
export interface Drift {
  readonly notebook: string;
  readonly file: string;
  /** One sentence with the file, the line and the notebook's cell. */
  readonly reason: string;
}

/**
 * What a notebook would be promoted to; writes nothing.
 *
 * @param name The task's name, where the notebook does not say it.
 * @throws {UsageError} for a notebook that cannot be promoted.
 * @throws {RunError} for code that is none.
 */
export async function planPromotion(path: string, root: string, name?: string): Promise<Promotion> {
  const notebook = relative(root, path).replaceAll("\\", "/");
  const task = promoteNotebook(await readNotebook(path), notebook, name);
  const file = `tasks/${task.name}.ts`;
  const arguments_ = ["fmt", "--config", join(root, "deno.json"), "--ext", "ts", "-"];
  const formatted = await runProcess(Deno.execPath(), arguments_, {
    input: task.text,
    env: { NO_COLOR: "1" },
  });
  if (formatted?.code !== 0) {
    throw new RunError(`The promoted cells of ${notebook} are no module: ${formatted?.output}`);
  }
  const present = await exists(join(root, file)) ? await Deno.readTextFile(join(root, file)) : null;
  return { name: task.name, notebook, file, text: sealed(`${formatted.stdout}\n`), present };
}

/** Every notebook with something to promote. */
export async function planPromotions(root: string): Promise<Promotion[]> {
  const promotions: Promotion[] = [];
  for (const path of await findNotebooks(root)) {
    if (isPromotable(await readNotebook(path))) promotions.push(await planPromotion(path, root));
  }
  return promotions;
}

/**
 * Writes a task's file, if the compiler takes it.
 *
 * @param force Overwrites a file that was written or edited by hand.
 * @returns Whether there was anything to write.
 * @throws {UsageError} for a file that is not as a promotion left it.
 * @throws {RunError} for code that the compiler refuses; the file stays as it is.
 */
export async function writePromotion(
  { notebook, file, text, present }: Promotion,
  root: string,
  force: boolean,
): Promise<boolean> {
  if (text === present) return false;
  const provenance = present === null ? null : readProvenance(present);
  if (present !== null && !force && !provenance?.isUntouched) {
    const what = provenance === null
      ? "was written by hand"
      : `was edited since its promotion from ${provenance.notebook}`;
    throw new UsageError(`${file} ${what}; --diff shows what would change, --force overwrites it.`);
  }
  // Beside its place, since relative imports count from there.
  const trial = join(root, file.replace(/\.ts$/, ".partial.ts"));
  try {
    await Deno.writeTextFile(trial, text);
    const arguments_ = ["check", "--quiet", "--config", join(root, "deno.json"), trial];
    const result = await runProcess(Deno.execPath(), arguments_, { env: { NO_COLOR: "1" } });
    if (result?.code !== 0) {
      throw new RunError(
        `${notebook} was not promoted, since the compiler refuses ${file}:\n${result?.output}`,
      );
    }
  } finally {
    await Deno.remove(trial);
  }
  await writeFileAtomic(join(root, file), text);
  return true;
}

/** Where a task's file differs from its notebook; null: nowhere. */
export function driftOf({ notebook, file, text, present }: Promotion): Drift | null {
  if (present === text) return null;
  const drift = (reason: string) => ({ notebook, file, reason });
  if (present === null) return drift(`${file} is not there; deno task promote ${notebook} writes it.`);
  const provenance = readProvenance(present);
  if (provenance === null) return drift(`${file} was not promoted; ${notebook} would make it.`);
  // The head has the hash, which always differs: what matters is below, if anything is.
  const expected = text.split("\n"), actual = present.split("\n");
  const isHash = (line: string | undefined) => line?.startsWith("// As promoted, without this line") ?? false;
  const line = expected.findIndex((each, i) => each !== actual[i] && !(isHash(each) && isHash(actual[i])));
  const at = line === -1 ? Math.min(expected.length, actual.length) - 1 : line;
  const cell = expected.slice(0, at + 1).findLast((each) => /^\s*\/\/ Cell /.test(each))?.match(
    /Cell (.*)\.$/,
  )?.[1];
  const who = provenance.isUntouched ? `${notebook} was changed` : `${file} was edited`;
  const where = cell === undefined ? "above its first cell" : `in cell ${cell}`;
  return drift(`${who} since its promotion: ${file} differs from ${notebook} ${where}, line ${at + 1}.`);
}

/** Promoted tasks that no notebook makes any more. @param promotions Of all notebooks. */
export async function orphanedTasks(promotions: readonly Promotion[], root: string): Promise<Drift[]> {
  const drifts: Drift[] = [];
  for await (const { name } of Deno.readDir(join(root, "tasks"))) {
    const file = `tasks/${name}`;
    if (!name.endsWith(".ts") || promotions.some((promotion) => promotion.file === file)) continue;
    const notebook = readProvenance(await Deno.readTextFile(join(root, file)))?.notebook;
    if (notebook === undefined) continue;
    drifts.push({
      notebook,
      file,
      reason: `${file} was promoted from ${notebook}, which does not make it any more.`,
    });
  }
  return drifts.sort((a, b) => a.file < b.file ? -1 : 1);
}

/** What would change in a task's file, as a unified diff from the file to its notebook; empty where nothing would. */
export function promotionDifference({ file, text, present }: Promotion): string {
  if (present === text) return "";
  const names = [`file/${file}`, `notebook/${file}`] as const;
  return formatPatch(structuredPatch(...names, present ?? "", text), FILE_HEADERS_ONLY);
}
