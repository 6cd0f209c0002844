/**
 * Challenges of @freecodecamp/curriculum: lessons to read, mathematical problems, exercises with their solutions.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import type { Extracted } from "../document.ts";
import type { PackageFiles } from "../files.ts";
import { htmlToText } from "./html.ts";

const file = z.object({ ext: z.string(), contents: z.array(z.string()) });
const challenge = z.object({
  title: z.string(),
  description: z.array(z.string()),
  solutions: z.array(z.string()).optional(),
  files: z.record(z.string(), file).optional(),
});
const block = z.object({ name: z.string(), challenges: z.array(challenge) });

/** A challenge as text. */
export interface Challenge {
  /** Title of the block of challenges, e.g. "Basic JavaScript". */
  readonly block: string;
  readonly title: string;
  /** What it teaches, before its rule; the whole text where there is no rule. */
  readonly lesson: string;
  /** What is asked for, after the rule; empty where there is none. */
  readonly task: string;
  /** Of its code: "js", "jsx", "html". */
  readonly language: string;
  /** The code to begin with. */
  readonly starter: string | null;
  /** The first solution that is more than a stub. */
  readonly solution: string | null;
}

/** A shorter solution is a placeholder ("// solution required"). */
const MIN_SOLUTION_CHARACTERS = 20;

/** All challenges, in the order of the curriculum. */
export async function* readChallenges({ root, paths }: PackageFiles): AsyncGenerator<Challenge> {
  for await (const path of paths) {
    if (!path.endsWith(".json")) continue;
    const { name, challenges } = block.parse(JSON.parse(await Deno.readTextFile(join(root, path))));
    for (const { title, description, solutions = [], files = {} } of challenges) {
      const html = joinParagraphs(description);
      const rule = html.search(/<hr\s*\/?>/i);
      const [start] = Object.values(files);
      const code = start?.contents.join("\n").trim() ?? "";
      const solution = solutions.find((text) =>
        text.trim().length >= MIN_SOLUTION_CHARACTERS && !/solution required/i.test(text)
      );
      yield {
        block: name,
        title: htmlToText(title),
        lesson: htmlToText(rule < 0 ? html : html.slice(0, rule)),
        task: rule < 0 ? "" : htmlToText(html.slice(rule)),
        language: start?.ext ?? "js",
        starter: code === "" ? null : code,
        solution: solution === undefined ? null : unwrap(solution.trim()),
      };
    }
  }
}

/** The entries of a description are paragraphs, but a table or a list may be spread over several. */
function joinParagraphs(description: readonly string[]): string {
  const isPart = (entry: string) => /^\s*<\/?(tr|td|th|tbody|thead|table|li|ul|ol|pre)\b/i.test(entry);
  return description.map((entry) => isPart(entry) ? entry : `<p>${entry}</p>`).join("\n");
}

/** Solutions of web pages are often a string for the checker, `var code = "…"`: the page is inside. */
function unwrap(solution: string): string {
  const literal = /^(?:var|const|let) code\s*=\s*("(?:[^"\\]|\\.)*");?$/.exec(solution)?.[1];
  return literal === undefined ? solution : String(JSON.parse(literal));
}

const fenced = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\`\n`;

/** Lessons: what a challenge teaches, its task and the code to begin with. Metadata: `title`, `block`. */
export async function* extractLessons(files: PackageFiles): AsyncGenerator<Extracted> {
  for await (const { block, title, lesson, task, language, starter } of readChallenges(files)) {
    if (lesson === "") continue;
    const text = `# ${title}\n\n${lesson}\n` + (task === "" ? "" : `\n## Task\n\n${task}\n`) +
      (starter === null ? "" : `\n${fenced(language, starter)}`);
    yield { text, metadata: { title, block } };
  }
}

/** Problems and, where there is one, the solution. Metadata: `title`, `block`. */
export async function* extractProblems(files: PackageFiles): AsyncGenerator<Extracted> {
  for await (const challenge of readChallenges(files)) {
    const { block, title, lesson, language, solution } = challenge;
    if (lesson === "") continue;
    const text = `# ${title}\n\n${problemText(challenge)}\n` +
      (solution === null ? "" : `\nSolution:\n\n${fenced(language, solution)}`);
    yield { text, metadata: { title, block } };
  }
}

/** Solved exercises as code under a comment with the task. Metadata: `title`, `block`, `language`. */
export async function* extractSolutions(files: PackageFiles): AsyncGenerator<Extracted> {
  for await (const challenge of readChallenges(files)) {
    const { block, title, task, lesson, language, solution } = challenge;
    if (solution === null) continue;
    const note = `${title}\n\n${task === "" ? lesson : task}`;
    const comment = language === "html"
      ? `<!--\n${note.replaceAll("-->", "-- >")}\n-->`
      : `/*\n${note.replaceAll("*/", "* /")}\n*/`;
    yield { text: `${comment}\n${solution}\n`, metadata: { title, block, language } };
  }
}

/** The whole problem: what it explains and what it asks for. */
export function problemText({ lesson, task }: Challenge): string {
  return task === "" ? lesson : `${lesson}\n\n${task}`;
}
