/**
 * `deno task import DIR --out DIR`: a model of transformers in the form that every stage here reads.
 * @module
 */
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber } from "../lib/core/progress.ts";
import { type Imported, importModel } from "../lib/model/interchange.ts";
import { hubFiles } from "../lib/sources/hub.ts";

/** What a model's repository has that an import reads or keeps beside the weights. */
const HUB_FILES = ["*.json", "*.jinja", "*.safetensors", "tokenizer.model", "merges.txt"];

function text(
  { config, parameters, files, dtypes, bytes, companions, out }: Imported & { out: string },
): string {
  const scaled = config.ropeScaling === null ? "" : ", RoPE stretched as in Llama 3.1";
  return [
    `${config.type}, ${
      parameters.toLocaleString("en")
    } parameters: ${config.layers} layers of ${config.width}, ` +
    `${config.heads} heads (${config.keyValueHeads} for keys and values) of ${config.headSize}, ` +
    `vocabulary ${config.vocabularySize.toLocaleString("en")}, ` +
    `head ${config.tiedEmbeddings ? "tied" : "untied"}, QK-norm ${config.queryKeyNorm}${scaled}`,
    `read ${files} ${files === 1 ? "file" : "files"} of ${dtypes.join(" and ")}, ` +
    `wrote ${out}: one file of float32, ${compactNumber(bytes)}B`,
    `beside it: ${companions.join(", ") || "nothing"}`,
  ].join("\n");
}

const command = taskCommand(
  "import",
  "Check a model directory of transformers (llama4_text, llama, qwen3) and write it as one file of float32.",
)
  .usage("DIRECTORY --out DIRECTORY")
  .argument("<directory>", "config.json and safetensors, sharded or not; float32, float16 or bfloat16")
  .requiredOption("--out <directory>", "where it goes; must not exist")
  .option("--hub <name>", "first download this model of the Hugging Face hub into the directory")
  .option("--revision <name>", "its branch, tag or commit", "main");

type Options = { out: string; hub?: string; revision: string };

await runTask<Options>(command, async ({ out, hub, revision }, { print, signal }, [directory = ""]) => {
  if (directory === "") {
    throw new UsageError("import: no directory is named, expected one with a config.json.");
  }
  if (hub !== undefined) {
    const repository = { type: "model", name: hub } as const;
    await Array.fromAsync(hubFiles({ repository, revision, files: HUB_FILES, folder: directory }, signal));
  }
  print({ out, ...await importModel(directory, out) }, text);
});
