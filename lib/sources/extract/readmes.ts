/**
 * READMEs of @stdlib/math as a reader sees them: prose, equations in LaTeX, examples.
 * @module
 */
import { join } from "node:path";
import type { Extracted } from "../document.ts";
import { decodeText, type PackageFiles } from "../files.ts";
import { headerLicence } from "../licence.ts";
import { decodeEntities } from "./html.ts";

/**
 * Renders a README: equations become `$$ … $$` from their LaTeX; comments, section tags, badges, images, link targets and rules go;
 * so does a "See Also". Code stays as it is.
 */
export function renderReadme(markdown: string): string {
  return markdown
    .replace(
      /<!-- <equation\b[^]*?\braw="([^]*?)"\s+alt=[^]*?<!-- <\/equation> -->/g,
      (_, latex: string) => `$$\n${decodeEntities(latex).trim()}\n$$`,
    )
    .replace(/<!--[^]*?-->/g, "")
    // Odd parts are fenced code.
    .split(/(^```[^]*?^```[ \t]*$)/m)
    .map((part, i) => i % 2 === 0 ? renderProse(part) : part)
    .join("")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim() + "\n";
}

function renderProse(markdown: string): string {
  return markdown
    .replace(/^<\/?(section|div|br|img|p)\b[^>]*>[ \t]*$/gm, "")
    .replace(/^(?:\* ){2,}\*[ \t]*$/gm, "")
    .replace(/^##+ See Also\n[^]*?(?=^#|(?![^]))/gm, "")
    .replace(/^\[[^\]\n]+\]:[ \t]+\S.*$/gm, "")
    .replace(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, "")
    // Inline code is matched first, so that an index in it is no link.
    .replace(
      /`[^`\n]*`|\[((?:`[^`\n]*`|[^[\]\n])*)\](?:\([^)\n]*\)|\[[^\]\n]*\])/g,
      (whole, label: string | undefined) => label ?? whole,
    );
}

/** The READMEs of a package. Metadata: `path`. */
export async function* extractReadmes({ root, paths }: PackageFiles): AsyncGenerator<Extracted> {
  for await (const path of paths) {
    if (!path.endsWith("README.md")) continue;
    const markdown = decodeText(await Deno.readFile(join(root, path)));
    if (markdown === null) continue;
    const licence = headerLicence(markdown);
    yield {
      text: renderReadme(markdown),
      ...(licence === undefined ? {} : { licence }),
      metadata: { path },
    };
  }
}
