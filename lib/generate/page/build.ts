/**
 * One HTML file that runs a packed model offline: the program bundled, everything else inside as JSON.
 * @module
 */
import { fileURLToPath } from "node:url";
import { RunError } from "../../core/errors.ts";
import type { QuantisedModel } from "../../model/quantisation.ts";
import { readLlama3Ranks } from "../../tokenizer/ranks.ts";
import type { ChatTemplate } from "../../tokenizer/template.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import { chatFrame } from "./chat_frame.ts";
import { packModel, type PageContent } from "./content.ts";
import page from "./page.html" with { type: "text" };
import style from "./style.css" with { type: "text" };

const PROGRAM = fileURLToPath(new URL("./main.ts", import.meta.url));

/** What stands on the page at first. */
export interface PageSettings {
  readonly title: string;
  readonly prompt: string;
  /** Whether the prompt is a question to an assistant. */
  readonly asQuestion: boolean;
}

/**
 * The page. Equal models give equal bytes.
 *
 * @param template Of questions.
 * @throws {RunError} where the program does not bundle.
 */
export async function buildPage(
  model: QuantisedModel,
  tokenizer: Tokenizer,
  template: ChatTemplate,
  settings: PageSettings,
): Promise<string> {
  const { name, special, specialTokens } = tokenizer;
  const content: PageContent = {
    ...settings,
    chat: chatFrame(template, tokenizer),
    model: packModel(model),
    tokenizer: {
      name,
      // Special tokens follow the ranks, <|begin_of_text|> first.
      ranks: await readLlama3Ranks(special.beginOfText),
      specialTokens: [...specialTokens.keys()],
    },
  };
  const parts: Readonly<Record<string, string>> = {
    "/*style*/": style,
    // Inside a script element only these could end it.
    "/*content*/": JSON.stringify(content).replaceAll("<", "\\u003c"),
    "/*program*/": (await bundle()).replaceAll("</script", "<\\/script"),
  };
  // One pass: what is put in may contain a mark itself.
  return page.replace(/\/\*(?:style|content|program)\*\//g, (mark) => parts[mark] ?? "");
}

/** The page's program as one module without imports. */
async function bundle(): Promise<string> {
  const args = ["bundle", "--quiet", "--minify", "--platform", "browser", PROGRAM];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new RunError(`${PROGRAM} does not bundle: ${decoder.decode(stderr).trim()}`);
}
