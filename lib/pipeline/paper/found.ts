/**
 * What stages left behind, read as it is: nothing is run, and no recipe is asked.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../../core/artefacts.ts";
import { UsageError } from "../../core/errors.ts";
import type { Part } from "../../figures/paper/paper_run.ts";
import { METRICS_FILE } from "../../train/loop.ts";
import type { ProbeMetrics } from "../../train/metrics.ts";
import { readMetrics } from "../../train/metrics_log.ts";

/** When and where something was made. */
export interface Made {
  /** ISO 8601. */
  readonly finishedAt: string;
  /** Not in manifests that were written before machines were. */
  readonly machine?: string | undefined;
}

/** What figures read of a manifest. */
export interface FoundManifest<Result> extends Made {
  readonly recipe: unknown;
  readonly result: Result;
}

const manifestFile = z.looseObject({
  recipe: z.unknown(),
  result: z.unknown(),
  finishedAt: z.string().min(10),
  machine: z.string().optional(),
});

/** A stage's manifest; undefined where it is not finished. @throws {UsageError} where it is damaged. */
export async function findManifest<Result>(
  root: string,
  stage: string,
): Promise<FoundManifest<Result> | undefined> {
  const path = join(root, stage, "manifest.json");
  // A stage has one type of result.
  return await exists(path) ? await readJson(path, manifestFile) as FoundManifest<Result> : undefined;
}

/** A JSON file that a task wrote. @throws {UsageError} where it is damaged. */
export async function readJson<Value>(path: string | URL, schema: z.ZodType<Value>): Promise<Value> {
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw new UsageError(`${path} is damaged, expected what a task of this project wrote.`);
    }
    throw error;
  }
}

/** Losses of held-out text along a stage of training. */
export async function probesOf(root: string, stage: string): Promise<ProbeMetrics[]> {
  return (await readMetrics(join(root, stage, METRICS_FILE))).filter((entry) => entry.kind === "probe");
}

/** Something that is there. */
export function madePart<Value>(
  command: string,
  value: Value,
  { finishedAt, machine }: Made,
): Part<Value> {
  return { command, made: { value, date: finishedAt.slice(0, 10), machine: machine ?? null } };
}

/** When a file was last written, for logs that have no manifest. */
export async function writtenAt(path: string): Promise<Made> {
  const { mtime } = await Deno.stat(path);
  return { finishedAt: (mtime ?? new Date(0)).toISOString() };
}
