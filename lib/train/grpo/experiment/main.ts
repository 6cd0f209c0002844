/**
 * The experiment on word problems from files alone, as one program that `deno bundle` takes to a machine without this checkout.
 *
 *     deno run -A main.ts --settings settings.json --data DIR --out DIR --backend webgpu
 *
 * DIR of the data is what `prepare.ts` makes; report.json is the result, rewritten after every stage.
 * @module
 */
import { join } from "node:path";
import { Option } from "commander";
import { openBackend } from "../../../backends/open.ts";
import { openDecoder } from "../../../backends/open_decoder.ts";
import { runTask, taskCommand } from "../../../core/command.ts";
import { UsageError } from "../../../core/errors.ts";
import { initialise } from "../../../model/initialise.ts";
import { openShards } from "../../../shards/reader.ts";
import { runExperiment } from "./experiment.ts";
import { readProblems } from "./problem_file.ts";
import { REPORT_FILE } from "./report.ts";
import type { ExperimentSettings } from "./settings.ts";

interface Options {
  readonly settings: string;
  readonly data: string;
  readonly out: string;
  readonly backend: "wasm" | "webgpu";
}

const command = taskCommand("word-problems", "Three stages of training and GRPO on word problems")
  .requiredOption("--settings <file>", "JSON, as data/experiments/word_problems.json")
  .requiredOption("--data <directory>", "facts, stories and problems")
  .requiredOption("--out <directory>", "logs and report.json; goes on with what is there")
  .addOption(new Option("--backend <name>", "what computes").choices(["wasm", "webgpu"]).default("wasm"));

await runTask<Options>(command, async (options, { signal, print }) => {
  const settings = await readSettings(options.settings);
  using facts = await openShards(join(options.data, "facts"));
  using stories = await openShards(join(options.data, "stories"));
  const training = await readProblems(join(options.data, "training.safetensors"));
  const heldOut = await readProblems(join(options.data, "held_out.safetensors"));
  await using backend = await openBackend(options.backend, settings.config, { blas: "off" });
  const { config, seed, slots, length } = settings;
  await using policy = await openDecoder(
    options.backend,
    { config, weights: initialise(config, seed) },
    { slots, capacity: length },
  );
  const report = await runExperiment({
    settings,
    backend,
    policy,
    sources: [facts, stories],
    training,
    heldOut,
    directory: options.out,
    signal,
    onResult: ({ stage, accuracy, meanLength, seconds }) =>
      console.error(
        `${stage}: ${(100 * accuracy).toFixed(1)}% right, ${meanLength.toFixed(0)} tokens, ${
          seconds.toFixed(1)
        } s`,
      ),
  });
  print(report, () => `Report: ${join(options.out, REPORT_FILE)}`);
});

async function readSettings(path: string): Promise<ExperimentSettings> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`--settings: ${path} does not exist.`);
    throw new UsageError(`--settings: ${path} is no JSON.`);
  }
}
