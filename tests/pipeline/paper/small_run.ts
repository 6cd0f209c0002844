/**
 * A run's folder with just what figures read.
 * @module
 */
import { join } from "node:path";
import { writeFileAtomic, writeJson } from "../../../lib/core/artefacts.ts";

const PROBES = ["code", "math"];

/** Writes stages as they leave themselves behind: leave-one-out, both mixtures of phase 1, mid-training, GRPO, an evaluation. */
export async function writeSmallRun(root: string): Promise<void> {
  const stage = (name: string, result: unknown, machine?: string) =>
    writeJson(join(root, name, "manifest.json"), {
      ...{
        stage: name,
        recipe: { seed: 7, learningRate: 0.005 },
        result,
        finishedAt: "2026-11-24T13:30:49.012Z",
      },
      ...(machine !== undefined && { machine }),
    });
  const lines = (path: string, entries: readonly unknown[]) =>
    writeFileAtomic(join(root, path), entries.map((entry) => JSON.stringify(entry) + "\n").join(""));
  const probes = (stage: string, extra: readonly string[] = []) =>
    lines(
      `${stage}/metrics.jsonl`,
      [0, 4].flatMap((step) => [
        { kind: "step", stage, step, tokens: 100 * step, loss: 4 },
        ...[...PROBES, ...extra].map((probe, p) => ({
          ...{ kind: "probe", stage, step, tokens: 100 * step, probe },
          ...{ negativeLogLikelihood: 5 + p - step / 10, perplexity: Math.exp(5 + p - step / 10) },
        })),
      ]),
    );
  const impact = { left: "pages", probe: "code", step: 4, mean: 0.5, low: null, high: null, seeds: 1 };
  await stage("leave-one-out-1", { impacts: [impact] }, "two cores");
  await stage("curation", { probing: { code: ["programs"], knowledge: ["pages"] } });
  for (const name of ["pretrain-1", "pretrain-1-uniform", "pretrain-2"]) {
    await stage(name, { tokens: 400 });
    await probes(name);
  }
  await stage("sft", { tokens: 50 });
  await probes("sft", ["answers"]);
  const rankMe = { rows: 100, width: 32 };
  await stage("midtrain", {
    rankMe: [
      { stage: "pretrain-2", probe: "code", rankMe: 10, ...rankMe },
      { stage: "pretrain-2", probe: "math", rankMe: 20, ...rankMe },
      { stage: "midtrain-1", probe: "code", rankMe: 90, ...rankMe },
    ],
  }, "two cores");
  await writeJson(join(root, "midtrain", "influence.json"), [{ stage: 1, capability: "code", influence: 2 }]);
  await writeJson(join(root, "midtrain", "curves.json"), []);
  await lines("grpo-sft/grpo.jsonl", [
    { kind: "held out", step: 0, accuracy: 0.5, meanLength: 80 },
    { kind: "step", step: 1, reward: 0.25, meanLength: 70 },
    { kind: "held out", step: 1, accuracy: 0.75, meanLength: 60 },
  ]);
  await writeEvaluation(root, "base", 0.25);
}

/** What `deno task eval` leaves of one benchmark. @param gsm8k The share of right answers. */
export function writeEvaluation(root: string, name: string, gsm8k: number): Promise<void> {
  return writeJson(join(root, "eval", name, "results.json"), {
    results: {
      gsm8k: {
        alias: "gsm8k",
        "exact_match,none": gsm8k,
        "exact_match_stderr,none": 0.01,
        "exact_match_interval95,none": [0.2, 0.3],
      },
    },
  });
}
