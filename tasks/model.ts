/**
 * `deno task model`: a model's shape, parameters and memory.
 * @module
 */
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber } from "../lib/core/progress.ts";
import { loadConfig } from "../lib/model/checkpoint.ts";
import { MODEL_SIZES, type ModelConfig } from "../lib/model/config.ts";
import { describeModel, type ModelDescription } from "../lib/model/description.ts";

type Named = { size: string } & ModelDescription;

const describe = (size: string, config: ModelConfig): Named => ({ size, ...describeModel(config) });

function sizeConfig(size: string): ModelConfig {
  const found = Object.entries(MODEL_SIZES).find(([name]) => name === size);
  if (found === undefined) {
    throw new UsageError(`--size is "${size}", expected one of ${Object.keys(MODEL_SIZES).join(", ")}.`);
  }
  return found[1];
}

function table(models: readonly Named[]): string {
  const megabytes = (bytes: number) =>
    `${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;
  const columns: [string, (model: Named) => string][] = [
    ["model", ({ size }) => size],
    ["parameters", ({ parameters }) => parameters.toLocaleString("en")],
    ["embedding", ({ embeddingParameters }) => compactNumber(embeddingParameters)],
    ["layers", ({ config }) => `${config.layers}`],
    ["width", ({ config }) => `${config.width}`],
    ["heads (kv)", ({ config }) => `${config.heads} (${config.keyValueHeads}) × ${config.headSize}`],
    ["feed-forward", ({ config }) => `${config.feedForwardWidth}`],
    ["vocabulary", ({ config }) => `${config.vocabularySize}`],
    ["weights", ({ memory }) => megabytes(memory.weightBytes)],
    ["training state", ({ memory }) => megabytes(memory.trainingStateBytes)],
  ];
  const rows = [
    columns.map(([title]) => title),
    ...models.map((model) => columns.map(([, cell]) => cell(model))),
  ];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ")).join("\n");
}

const command = taskCommand(
  "model",
  "Shape, parameters and memory (float32, without activations) of a model.",
)
  .option(
    "--size <size>",
    `a published size: ${Object.keys(MODEL_SIZES).join(", ")}; without one, all of them`,
  )
  .option("--config <file>", "a config.json of transformers (llama4_text, llama or qwen3) instead");

await runTask<{ size?: string; config?: string }>(command, async ({ size, config }, { print }) => {
  if (size !== undefined && config !== undefined) {
    throw new UsageError("--size and --config exclude each other.");
  }
  if (size !== undefined) return print(describe(size, sizeConfig(size)), (model) => table([model]));
  if (config !== undefined) {
    return print(describe(config, await loadConfig(config)), (model) => table([model]));
  }
  const models = Object.entries(MODEL_SIZES).map(([name, shape]) => describe(name, shape));
  print({ models }, () => table(models));
});
