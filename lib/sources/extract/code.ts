/**
 * Source files as they are, less the licence text that all of them repeat.
 * @module
 */
import { extname, join } from "node:path";
import type { Extracted } from "../document.ts";
import { CODE_EXTENSIONS, decodeText, type PackageFiles } from "../files.ts";
import { headerLicence } from "../licence.ts";

/** Above this mean line length a file is a bundle or a data table: generated, and no code that anyone writes. */
const MAX_MEAN_LINE = 200;

/** A comment that opens the file and holds a licence. */
const LICENCE_HEADER = /^(?:#!.*\n)?\s*\/\*[\s\S]*?\*\/\s*/;

/** Whether code is generated: minified, or more digits than letters. */
export function isGenerated(text: string): boolean {
  if (text.length / text.split("\n").length > MAX_MEAN_LINE) return true;
  return (text.match(/\d/g)?.length ?? 0) > (text.match(/[a-z]/gi)?.length ?? 0);
}

/** A code file less a licence header. */
export function stripLicenceHeader(text: string): string {
  const header = LICENCE_HEADER.exec(text)?.[0];
  return header !== undefined && /@licen[sc]e|SPDX-License-Identifier|copyright/i.test(header)
    ? text.slice(header.length)
    : text;
}

/** The code files of a package; generated ones are passed over. Metadata: `path`. */
export async function* extractCode({ root, paths }: PackageFiles): AsyncGenerator<Extracted> {
  for await (const path of paths) {
    if (!CODE_EXTENSIONS.has(extname(path))) continue;
    const text = decodeText(await Deno.readFile(join(root, path)));
    if (text === null || isGenerated(text)) continue;
    const licence = headerLicence(text);
    yield {
      text: stripLicenceHeader(text),
      ...(licence === undefined ? {} : { licence }),
      metadata: { path },
    };
  }
}
