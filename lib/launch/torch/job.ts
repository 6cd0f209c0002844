/**
 * A stage of training as a job of trainer.py: everything that it needs, in one JSON file.
 * @module
 */
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { writeJson } from "../../core/artefacts.ts";
import type { Mixture } from "../../core/mixture.ts";
import type { Recipe } from "../../pipeline/recipe.ts";
import { Loader } from "../../shards/loader.ts";
import { openShards } from "../../shards/reader.ts";
import type { DistillationSettings } from "../../train/distillation/teacher.ts";
import type { Schedule } from "../../train/schedule.ts";

/** A teacher that trainer.py can ask: a model directory, or a directory of its logits. */
export interface TorchTeacher extends DistillationSettings {
  readonly directory: string;
  /** Logits that were kept (lib/train/distillation/teacher_cache.ts). */
  readonly cached: boolean;
  /** Largest logits of each position that are learnt from; null: all. */
  readonly topK: number | null;
}

/** What trainer.py reads. */
export interface TorchJob {
  readonly stage: string;
  readonly seed: number;
  /** Sequences of a batch, over all processes. */
  readonly sequences: number;
  /** Tokens of a sequence. */
  readonly length: number;
  /** Sequences that a process holds at once; null: its share of the batch. */
  readonly sequencesAtOnce: number | null;
  /** The sampler's plan, and where the shards are. */
  readonly sources: readonly {
    readonly name: string;
    readonly directory: string;
    readonly sequences: number;
    readonly windows: number;
  }[];
  readonly schedule: Schedule;
  readonly optimizer: Recipe["optimizer"] & { readonly weightDecay: number };
  readonly checkpointEvery: number;
  /** Directory of the model that it starts from. */
  readonly model: string;
  /** null: none, cross-entropy alone. */
  readonly teacher: TorchTeacher | null;
  /** What products are computed in; null: bfloat16 on GPUs, float32 elsewhere. */
  readonly precision: "float32" | "bfloat16" | null;
  /** A checkpoint of another is refused. */
  readonly fingerprint: string;
}

/** What a job is made of. */
export interface TorchJobOptions {
  readonly stage: string;
  readonly recipe: Pick<Recipe, "seed" | "optimizer">;
  readonly settings: Omit<Recipe["pretrain1"], "mixture" | "probeEvery">;
  readonly mixture: Mixture;
  /** Directory of a source's token shards. */
  readonly shards: (source: string) => string;
  /** Directory of the model that it starts from. */
  readonly model: string;
  /** Absent: none. */
  readonly teacher?: TorchTeacher | null;
  /** Absent: as null. */
  readonly precision?: TorchJob["precision"];
  /** Of everything that the result depends on. */
  readonly fingerprint: string;
}

/**
 * Plans a stage as the local run does, and writes the plan as JOB.json.
 *
 * @throws {UsageError} as {@link Loader}.
 */
export async function writeTorchJob(path: string, options: TorchJobOptions): Promise<TorchJob> {
  const { stage, recipe: { seed, optimizer }, settings, mixture, model, fingerprint } = options;
  const { teacher = null, precision = null } = options;
  const { steps, sequences, length, sequencesAtOnce, checkpointEvery, weightDecay } = settings;
  const names = mixture.sources.filter(({ weight }) => weight > 0).map(({ name }) => name);
  const sources = await Promise.all(names.map((name) => openShards(options.shards(name))));
  const data = new Loader({ mixture, sources, seed, stage, length, sequencesPerBatch: sequences, steps });
  sources.forEach((source) => source[Symbol.dispose]());
  const job: TorchJob = {
    stage,
    seed,
    sequences,
    length,
    sequencesAtOnce,
    sources: data.plan().map(({ source, sequences, windows }) => ({
      name: source,
      directory: options.shards(source),
      sequences,
      windows,
    })),
    schedule: {
      peak: settings.learningRate,
      warmupSteps: settings.warmupSteps,
      totalSteps: steps,
      decay: settings.decay,
      floor: settings.floor,
    },
    optimizer: { ...optimizer, weightDecay },
    checkpointEvery,
    model,
    teacher,
    precision,
    fingerprint,
  };
  await writeJson(path, job);
  return job;
}

/** trainer.py and its modules. */
export const TRAINER_CODE = [
  "trainer.py",
  "forward.py",
  "distillation.py",
  "checkpoints.py",
  "shards.py",
  "order.py",
].map((file) => new URL(file, import.meta.url));

/** Ports from this one on are those at which the nodes of a job find each other. */
const FIRST_PORT = 29400;

/**
 * The command of a job: torchrun, as a module of the Python that has torch; within a Slurm job of several nodes, on each of them.
 *
 * @param directory Takes metrics, checkpoints and the model; of several nodes, all see it.
 * @param processes Of each node.
 * @param environment Slurm's variables are looked for in it.
 */
export function torchCommand(
  job: string,
  directory: string,
  processes: number,
  environment: Readonly<Record<string, string | undefined>> = Deno.env.toObject(),
): [string, ...string[]] {
  const trainer = [fileURLToPath(new URL("trainer.py", import.meta.url)), job, directory];
  const torchrun = ["python3", "-m", "torch.distributed.run", `--nproc-per-node=${processes}`] as const;
  const { SLURM_JOB_NUM_NODES: nodes = "1", SLURM_JOB_ID: id = "0" } = environment;
  if (nodes === "1") return [...torchrun, "--standalone", ...trainer];
  // A job's script runs on its first node.
  const meeting = ["--rdzv-backend=c10d", `--rdzv-endpoint=${hostname()}:${FIRST_PORT + Number(id) % 1000}`];
  return ["srun", ...torchrun, `--nnodes=${nodes}`, `--rdzv-id=${id}`, ...meeting, ...trainer];
}
