/**
 * trainer.py with a teacher beside our own loop with the same one. `deno test -A tests/launch/torch/real_distillation.ts`; needs python3 with
 * torch, transformers and safetensors.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openBackend } from "../../../lib/backends/open.ts";
import { saveModel } from "../../../lib/model/checkpoint.ts";
import { MODEL_SIZES, type ModelConfig } from "../../../lib/model/config.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { openModelTeacher } from "../../../lib/train/distillation/model_teacher.ts";
import { type DistillationSettings, learnFrom } from "../../../lib/train/distillation/teacher.ts";
import { cachedTeacher } from "../../../lib/train/distillation/teacher_cache.ts";
import { inDirectory } from "../../core/temporary.ts";
import {
  largestDifference,
  metricsOf,
  openData,
  SETTINGS,
  SMALL,
  trainOurs,
  trainTorch,
  writeJob,
  writeTraining,
} from "./comparison.ts";
import { hasTorch } from "./has_torch.ts";

const ignore = !hasTorch;
if (ignore) console.error("Not run: python3 with torch, transformers and safetensors is missing");

const STUDENT: ModelConfig = { ...MODEL_SIZES["140m"], ...SMALL };
const TEACHER: ModelConfig = { ...STUDENT, layers: 3, feedForwardWidth: 48 };

interface Case extends DistillationSettings {
  readonly name: string;
  readonly teacher: ModelConfig;
  readonly topK: number | null;
  readonly cached: boolean;
  readonly processes: number;
}

const CASES: readonly Case[] = [
  {
    name: "all logits, backwards, at a temperature of 2, beside a quarter of cross-entropy",
    ...{ teacher: TEACHER, topK: null, cached: false, processes: 1 },
    ...{ temperature: 2, direction: "reverse", crossEntropyShare: 0.25 },
  },
  {
    name: "the largest logits of a teacher of another family, on 2 processes",
    teacher: { ...TEACHER, type: "qwen3", queryKeyNorm: "before rope, weighted" },
    ...{ topK: 8, cached: false, processes: 2 },
    ...{ temperature: 1, direction: "forward", crossEntropyShare: 0 },
  },
  {
    name: "logits that were kept, on 2 processes",
    ...{ teacher: TEACHER, topK: 8, cached: true, processes: 2 },
    ...{ temperature: 1.5, direction: "forward", crossEntropyShare: 0.5 },
  },
];

for (const { name, teacher: config, topK, cached, processes, ...distillation } of CASES) {
  Deno.test({
    name: `torch learns what our loop learns from ${name}`,
    ignore,
    fn: () =>
      inDirectory(async (folder) => {
        const settings = { ...SETTINGS, steps: 10 };
        const training = { folder, config: STUDENT, weights: initialise(STUDENT, 1), settings };
        await writeTraining(training);
        const directory = join(folder, "teacher"), cache = join(folder, "logits");
        // Larger than a first state's, so that what it says is not nearly uniform.
        await saveModel(directory, config, initialise(config, 2).map((weight) => 10 * weight));
        const wasm = { blas: "off", workers: 1 } as const;
        await using model = await openModelTeacher(directory, {
          ...wasm,
          ...{ backend: "wasm", vocabularySize: config.vocabularySize, topK },
        });
        const teacher = cached ? await cachedTeacher(cache, await openData(training), model) : model;
        await using backend = await openBackend("wasm", STUDENT, wasm);
        const ours = await trainOurs(
          training,
          backend,
          join(folder, "ours"),
          learnFrom(teacher, distillation),
        );
        // It does not need the model any more.
        if (cached) await Deno.remove(directory, { recursive: true });
        const job = await writeJob(training, "job", {
          teacher: { directory: cached ? cache : directory, cached, topK, ...distillation },
        });
        await trainTorch(job, join(folder, "torch"), processes);
        const theirs = (await metricsOf(join(folder, "torch"), settings.steps)).map(({ loss }) => loss);
        const difference = largestDifference(theirs, ours);
        console.log(
          `losses ${ours[0]?.toFixed(3)} to ${ours.at(-1)?.toFixed(3)} differ by ${
            difference.toExponential(1)
          }`,
        );
        assert.ok(difference < 1e-4);
      }),
  });
}
