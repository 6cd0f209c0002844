/**
 * `deno task page MODEL --out FILE.html`: a page that runs the model in a browser, offline.
 * @module
 */
import { basename } from "node:path";
import { writeFileAtomic } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber } from "../lib/core/progress.ts";
import { buildPage } from "../lib/generate/page/build.ts";
import { parameterCount } from "../lib/model/config.ts";
import { quantiseModel } from "../lib/model/quantise.ts";
import { loadAnyModel } from "../lib/model/quantised_checkpoint.ts";
import { findModel, tokenizerOf } from "../lib/pipeline/find_model.ts";
import { openTemplate } from "../lib/tokenizer/chat.ts";

/** Of a model that is not packed yet. */
const PACKING = { group: 32, embeddingGroup: 32, activationBits: 8 } as const;

/** Parameters at most: with 4 bits in base64 each, a page's text nears the longest string that browsers have, 2²⁹ characters. */
const MOST_PARAMETERS = 700e6;

interface Flags {
  readonly out: string;
  readonly title?: string;
  readonly prompt: string;
  readonly chat?: true;
  readonly template: string;
  readonly tokenizer?: string;
}

const command = taskCommand("page", "One HTML file that runs a model in a browser, offline.")
  .usage("MODEL --out FILE.html")
  .argument("<model>", "a model directory, packed or not, or a run: its last model; 4-bit weights go in")
  .requiredOption("--out <file>", "the page")
  .option("--title <text>", "its heading; by default the model's path")
  .option("--prompt <text>", "what stands in the prompt's box at first", "")
  .option("--chat", "the prompt is a question to an assistant at first")
  .option("--template <name>", "chat template: llama3 or a .jinja file", "llama3")
  .option("--tokenizer <name>", "llama3 or llama3-N; without it, what the model's stage says");

// A model is always named: commander asks for it.
await runTask<Flags>(command, async (flags, { print }, [path = ""]) => {
  const directory = await findModel(path);
  const model = await loadAnyModel(directory);
  const tokenizer = await tokenizerOf(directory, model.config.vocabularySize, flags.tokenizer);
  const parameters = parameterCount(model.config);
  if (parameters > MOST_PARAMETERS) {
    throw new UsageError(
      `${directory} has ${compactNumber(parameters)} parameters, expected at most ${
        compactNumber(MOST_PARAMETERS)
      }: a browser loads no larger page.`,
    );
  }
  const packed = "weights" in model ? quantiseModel(model, PACKING) : model;
  const page = await buildPage(packed, tokenizer, await openTemplate(flags.template), {
    title: flags.title ?? basename(path),
    prompt: flags.prompt,
    asQuestion: flags.chat ?? false,
  });
  await writeFileAtomic(flags.out, page);
  print(
    { model: directory, out: flags.out, bytes: new TextEncoder().encode(page).length },
    ({ out, model, bytes }) => `${out}: ${compactNumber(bytes)}B, runs ${model}`,
  );
});
