/**
 * GRPO's curves that were measured once on a GPU and are kept with the project: data/results/word_problems_h100.json.
 * @module
 */
import { z } from "zod";
import type { Part } from "../../figures/paper/paper_run.ts";
import type { RewardCurve } from "../../figures/paper/reward_chart.ts";
import { readJson } from "./found.ts";

const RECORDED = new URL("../../../data/results/word_problems_h100.json", import.meta.url);

/** Held-out problems after so many steps. */
const point = z.looseObject({
  kind: z.literal("held out"),
  step: z.number(),
  accuracy: z.number(),
  meanLength: z.number(),
});
const curve = z.array(z.union([point, z.looseObject({ kind: z.literal("step") })]));
const recorded = z.looseObject({
  command: z.string(),
  machine: z.string(),
  date: z.string(),
  grpo: z.object({ coldStart: curve, fineTuning: curve }),
});

/** A curve in percent from its log's shares. */
export function rewardCurve(
  start: string,
  points: readonly { step: number; accuracy: number; meanLength: number }[],
): RewardCurve {
  return {
    start,
    points: points.map(({ step, accuracy, meanLength }) => ({ step, accuracy: 100 * accuracy, meanLength })),
  };
}

/** The recorded curves, from the base after a brief cold start and from a fine-tuned model. */
export async function recordedRewards(): Promise<Part<readonly RewardCurve[]>> {
  const { command, machine, date, grpo } = await readJson(RECORDED, recorded);
  const heldOut = (entries: z.infer<typeof curve>) =>
    entries.filter((entry): entry is z.infer<typeof point> => entry.kind === "held out");
  const value = [
    rewardCurve("base", heldOut(grpo.coldStart)),
    rewardCurve("sft", heldOut(grpo.fineTuning)),
  ];
  return { command, made: { value, date, machine } };
}
