/**
 * `deno task export MODEL --out DIR`: a model as a directory that transformers loads.
 * @module
 */
import { join } from "node:path";
import { exists } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber } from "../lib/core/progress.ts";
import { exportModel, type Interchange } from "../lib/model/interchange.ts";
import { ELEMENT_TYPES, type ElementType } from "../lib/model/model_directory.ts";
import { recordedTokenizer } from "../lib/pipeline/recorded_tokenizer.ts";

/** Decimal, as transformers counts shards. */
const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9 };

function elementType(value: string): ElementType {
  const found = ELEMENT_TYPES.find((type) => type === value);
  if (found === undefined) {
    throw new UsageError(`--dtype is "${value}", expected one of ${ELEMENT_TYPES.join(", ")}.`);
  }
  return found;
}

function shardSize(value: string): number {
  const [, number, unit = ""] = /^([1-9][0-9]*)(KB|MB|GB)$/.exec(value) ?? [];
  if (number === undefined) {
    throw new UsageError(
      `--shard-size is "${value}", expected a whole number with KB, MB or GB, such as 5GB.`,
    );
  }
  return Number(number) * (UNITS[unit] ?? NaN);
}

function text(result: Interchange & { out: string; dtype: string }): string {
  const { config, parameters, shards, bytes, companions, out, dtype } = result;
  return [
    `${out}: ${config.type}, ${parameters.toLocaleString("en")} parameters, ${dtype}, ` +
    `${compactNumber(bytes)}B in ${shards} ${shards === 1 ? "file" : "files"}`,
    `beside it: ${companions.join(", ") || "nothing"}`,
  ].join("\n");
}

interface Flags {
  out: string;
  tokenizer?: string;
  dtype: string;
  shardSize: string;
}

const command = taskCommand("export", "Write a model as a directory that transformers loads.")
  .usage("MODEL --out DIRECTORY")
  .argument("<model>", "config.json and safetensors: `model` of a training stage, or an imported one")
  .requiredOption("--out <directory>", "where it goes; must not exist")
  .option(
    "--tokenizer <name>",
    "what the model was trained with: llama3, llama3-N, or none; without it, what the directory or its stage says",
  )
  .option("--dtype <type>", ELEMENT_TYPES.join(", "), "float32")
  .option("--shard-size <size>", "bytes of weights in a file at most", "5GB");

await runTask<Flags>(command, async (flags, { print }, [model = ""]) => {
  if (model === "") {
    throw new UsageError("export: no model is named, expected a directory with a config.json.");
  }
  const { out, dtype } = flags;
  const options = { elements: elementType(dtype), shardBytes: shardSize(flags.shardSize) };
  const own = await exists(join(model, "tokenizer.json"));
  const tokenizer = flags.tokenizer ?? (own ? undefined : await recordedTokenizer(model));
  const done = await exportModel(model, out, { ...options, ...(tokenizer !== undefined && { tokenizer }) });
  print({ out, dtype, ...done }, text);
});
