/**
 * Launch files: which cluster, how it is asked, and what a job may take there.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";

const positive = z.int().positive();

const resources = z.strictObject({
  /** Of a job. Only training by PyTorch uses more than one. */
  nodes: positive.default(1),
  /** Of each node. */
  processors: positive,
  gpus: z.int().nonnegative().default(0),
  /** After which it is ended. */
  minutes: positive,
});

const launchFile = z.strictObject({
  /**
   * slurmrestd: "unix:/run/slurmrestd.socket", or "https://HOST:PORT" with a token (`scontrol token`) in SLURM_JWT; where the system
   * does not know who signed its certificate, DENO_CERT names a PEM file of theirs.
   */
  endpoint: z.string().regex(/^(unix:\/.+|https:\/\/[^/]+)$/, 'must be "unix:/PATH" or "https://HOST:PORT"'),
  /** Of slurmrestd's API; 0.0.38 is Slurm 22.05's. */
  version: z.string().regex(/^v0\.0\.(3[89]|4[0-9])$/, 'must be "v0.0.38" or later').default("v0.0.38"),
  partition: z.string().min(1),
  /** null: the user's own. */
  account: z.string().min(1).nullable().default(null),
  /** Variables of every job. Jobs start without those of this shell. */
  environment: z.record(z.string(), z.string()).default({ PATH: "/usr/local/bin:/usr/bin:/bin" }),
  /** Shell lines before the work: "module load deno", what enters a container. */
  prelude: z.array(z.string()).default([]),
  /** Ranks that a corpus is divided among. */
  ranks: positive.max(10_000),
  /** What the jobs that make the data may take. */
  data: resources,
  /** What the job of a task on that data may take, such as one that trains. */
  task: resources,
  /** In whatever currency; 0: not counted. */
  prices: z.strictObject({
    processorHour: z.number().nonnegative(),
    gpuHour: z.number().nonnegative(),
  }).default({ processorHour: 0, gpuHour: 0 }),
});

/** What a job may take. */
export type JobResources = z.infer<typeof resources>;

/** A checked launch file. */
export type LaunchFile = z.infer<typeof launchFile>;

/**
 * Reads a launch file.
 *
 * @throws {UsageError} naming the file and the setting.
 */
export async function loadLaunchFile(path: string): Promise<LaunchFile> {
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`Launch file ${path} does not exist.`);
    if (error instanceof SyntaxError) throw new UsageError(`${path} is no valid JSON: ${error.message}.`);
    throw error;
  }
  const parsed = launchFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = issue?.path.map(String).join(".") || "launch file";
  throw new UsageError(`${path}: ${key}: ${issue?.message}.`);
}
