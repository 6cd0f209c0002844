/**
 * A validation of influence from files alone, as one program that `deno bundle` takes to a machine without this checkout.
 *
 *     deno run -A main.ts --settings settings.json --candidates DIR --probes DIR --out DIR --backend webgpu
 *
 * DIR holds one directory of token shards for each source of candidates, and for each probed capability. report.json is the result.
 * @module
 */
import { join } from "node:path";
import { Option } from "commander";
import { openBackend, openInfluence } from "../../backends/open.ts";
import { writeJson } from "../../core/artefacts.ts";
import { runTask, taskCommand } from "../../core/command.ts";
import { UsageError } from "../../core/errors.ts";
import { formatDuration } from "../../core/progress.ts";
import type { ProxyTraining } from "../proxy.ts";
import { estimateValidation } from "./estimate.ts";
import type { ValidationSettings } from "./report.ts";
import { readGroupedDocuments } from "./shard_documents.ts";
import { validateInfluence } from "./validate.ts";

/** What is in the file of settings. */
interface SettingsFile {
  readonly training: ProxyTraining;
  readonly validation: ValidationSettings;
  /** Documents of each source, and of each capability, at most. */
  readonly candidatesPerSource: number;
  readonly probesPerCapability: number;
}

interface Options {
  readonly settings: string;
  readonly candidates: string;
  readonly probes: string;
  readonly out: string;
  readonly backend: "wasm" | "webgpu" | "tfjs";
  readonly estimate: boolean;
}

const command = taskCommand("validate", "Whether influence predicts what retraining finds")
  .requiredOption("--settings <file>", "JSON: training, validation, candidatesPerSource, probesPerCapability")
  .requiredOption("--candidates <directory>", "token shards, a directory a source")
  .requiredOption("--probes <directory>", "token shards, a directory a capability")
  .requiredOption("--out <directory>", "proxies, scores and report.json; goes on with what is there")
  .addOption(
    new Option("--backend <name>", "what computes").choices(["wasm", "webgpu", "tfjs"]).default("wasm"),
  )
  .option("--estimate", "print what it will take, and stop", false);

await runTask<Options>(command, async (options, { signal, print }) => {
  const { training, validation, candidatesPerSource, probesPerCapability } = await readSettings(
    options.settings,
  );
  const { vocabularySize } = training.config;
  const candidates = await readGroupedDocuments(options.candidates, vocabularySize, candidatesPerSource);
  const probes = await readGroupedDocuments(options.probes, vocabularySize, probesPerCapability);
  await using train = await openBackend(options.backend, training.config, { blas: "off" });
  await using influence = await openInfluence(options.backend, training.config, "all", {});
  const given = {
    train,
    influence,
    training,
    candidates,
    probes,
    settings: validation,
    directory: options.out,
    // The files are all there is: another program in the same place is the caller's business.
    fingerprint: "validation",
    signal,
  };
  if (options.estimate) {
    print(
      await estimateValidation(given),
      ({ proxies, trainingSeconds, scoringSeconds, vectorBytes }) =>
        `${proxies} proxies in ${formatDuration(trainingSeconds)}, scores in ${
          formatDuration(scoringSeconds)
        }, ${(vectorBytes / 1e6).toFixed(1)} MB of vectors beside a model's training.`,
    );
    return;
  }
  const report = await validateInfluence(given);
  const path = join(options.out, "report.json");
  await writeJson(path, report);
  print(report, () => `Report: ${path}`);
});

async function readSettings(path: string): Promise<SettingsFile> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`--settings: ${path} does not exist.`);
    throw new UsageError(`--settings: ${path} is no JSON.`);
  }
}
