/**
 * Stage "catalog": whatever of the run a question may be asked about, as tables for SQL.
 * @module
 */
import { join } from "node:path";
import { openCatalog } from "../../catalog/catalog.ts";
import type { EngineSettings } from "../../catalog/open_engine.ts";
import type { Mixture } from "../../core/mixture.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { Metrics } from "../../train/metrics.ts";
import { readMetrics } from "../../train/metrics_log.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import { type CorpusResult, factsPath } from "./corpus.ts";
import type { TrainingResult } from "./training.ts";

/** What the catalogue is made of. */
export interface CatalogueInputs {
  readonly run: string;
  /** Of the database; the tables do not depend on it. */
  readonly engine: EngineSettings;
  readonly specs: readonly SourceSpec[];
  readonly corpus: FinishedStage<CorpusResult>;
  readonly mixtures: readonly { readonly stage: string; readonly mixture: Mixture }[];
  readonly training: readonly FinishedStage<TrainingResult>[];
}

/** The stage over everything before it. */
export function catalogueStage(inputs: CatalogueInputs): Stage<{ tables: Record<string, number> }> {
  const { run, specs, corpus, mixtures, training } = inputs;
  return {
    name: "catalog",
    recipe: { run, specs, mixtures },
    inputs: Object.fromEntries(
      [corpus, ...training].map(({ manifest }) => [manifest.stage, manifest.digest]),
    ),
    code: [new URL(import.meta.url)],
    resumable: false,
    // It holds the stages' seconds.
    timed: ["runs.parquet", "metrics.parquet"],
    run: (context) => buildCatalogue(inputs, context),
  };
}

async function buildCatalogue(
  { run, engine, specs, corpus, mixtures, training }: CatalogueInputs,
  { directory }: StageContext,
): Promise<{ tables: Record<string, number> }> {
  await using catalog = await openCatalog({ ...engine, directory });
  const tables: Record<string, number> = {};
  const insert = async (table: string, rows: readonly Readonly<Record<string, unknown>>[]) => {
    await catalog.insert(table, rows);
    tables[table] = (tables[table] ?? 0) + rows.length;
  };
  for (const { name, documents, characters, tokens } of corpus.manifest.result.sources) {
    const spec = specs.find((candidate) => candidate.name === name);
    const { domain, licence, description } = spec ?? { domain: null, licence: null, description: null };
    await insert("sources", [{ source: name, domain, licence, description, documents, characters, tokens }]);
    await catalog.insertJsonLines("documents", factsPath(corpus.directory, name));
    tables["documents"] = (tables["documents"] ?? 0) + documents;
  }
  for (const { stage, mixture } of mixtures) {
    await insert(
      "mixes",
      mixture.sources.map(({ name, weight, printed }) => ({
        mixture: mixture.name,
        source: name,
        weight,
        printed,
        phase: stage,
      })),
    );
  }
  for (const { manifest, directory: stageDirectory } of training) {
    const { stage, seconds, fingerprint, result: { tokens } } = manifest;
    await insert("runs", [{ run, stage, tokens, seconds, fingerprint }]);
    const metrics = await readMetrics(join(stageDirectory, METRICS_FILE));
    await insert(
      "metrics",
      metrics.flatMap((entry) =>
        Object.entries(valuesOf(entry)).map(([metric, value]) => ({
          run,
          stage,
          step: entry.step,
          tokens: entry.tokens,
          metric,
          value,
        }))
      ),
    );
  }
  await catalog.save();
  return { tables };
}

/** What a line of metrics measured, by name. */
function valuesOf(entry: Metrics): Record<string, number> {
  if (entry.kind === "probe") return { [`perplexity_${entry.probe}`]: entry.perplexity };
  const { loss, learningRate, gradientNorm, tokensPerSecond } = entry;
  return {
    loss,
    learning_rate: learningRate,
    gradient_norm: gradientNorm,
    tokens_per_second: tokensPerSecond,
  };
}
