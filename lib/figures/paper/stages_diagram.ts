/**
 * Figure 4: the stages of training.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { paperRecords, type PaperTable } from "../../catalog/published.ts";
import { RunError } from "../../core/errors.ts";
import { FAMILY_COLOURS, INK, QUIET } from "../theme.ts";
import { type Arrow, type Box, diagram } from "./diagram.ts";

const WIDTH = 152, HEIGHT = 84, GAP = 24, ROW = HEIGHT + 40;

/** Boxes in the order of training: the first row from the left, the second from the right. */
const STEPS = [
  { title: "Random weights", lines: ["tied embeddings,", "QK-norm"], data: true },
  { title: "Pretraining 1", of: ["pretrain", "phase1"], lines: ["mixture by influence"] },
  { title: "Pretraining 2", of: ["pretrain", "phase2"], lines: ["more mathematics"] },
  { title: "Mid-training 1", of: ["midtrain", "phase1"], lines: ["with a teacher"] },
  { title: "Mid-training 2", of: ["midtrain", "phase2"], lines: ["on what still helps"] },
  { title: "Base model", lines: ["Table 6"], data: true },
  { title: "General SFT", of: ["post", "general_sft"], lines: ["instructions"] },
  { title: "Reasoning SFT", of: ["post", "reasoning_sft"], lines: ["long solutions"] },
  { title: "Final model", lines: ["Table 7"], data: true },
] as const;

const FIRST_ROW = 5;

/** A box for each stage, with its tokens or samples and its steps or epochs. @param hyperparameters Table 2. */
export function stagesDiagram(hyperparameters: PaperTable): TopLevelSpec {
  const settings = paperRecords(hyperparameters);
  const boxes = STEPS.map((step, i): Box => {
    const place = i < FIRST_ROW ? i : 2 * FIRST_ROW - 1 - i;
    const lines: string[] = [...step.lines];
    if ("of" in step) {
      const [stage, phase] = step.of;
      const row = settings.find((row) => row["stage"] === stage && row["phase"] === phase);
      if (row === undefined) throw new RunError(`Table 2 has no stage ${stage}, ${phase}.`);
      lines.unshift(String(row["tokens_or_samples"]), String(row["steps_or_epochs"]));
    }
    return {
      x: place * (WIDTH + GAP),
      y: i < FIRST_ROW ? 0 : ROW,
      width: WIDTH,
      height: HEIGHT,
      title: step.title,
      lines,
      colour: "of" in step ? step.of[0] === "post" ? INK : FAMILY_COLOURS.own : QUIET,
      data: "data" in step,
    };
  });
  const arrows = boxes.slice(1).map((box, i): Arrow => {
    const { x, y } = boxes[i] as Box; // The one before it.
    if (y !== box.y) return { x: x + WIDTH / 2, y: y + HEIGHT, x2: x + WIDTH / 2, y2: box.y - 2 };
    const middle = y + HEIGHT / 2;
    return x < box.x
      ? { x: x + WIDTH, y: middle, x2: box.x - 2, y2: middle }
      : { x, y: middle, x2: box.x + WIDTH + 2, y2: middle };
  });
  return diagram("The stages of training, from random weights to the final model.", boxes, arrows, {
    width: FIRST_ROW * (WIDTH + GAP) - GAP + 4,
    height: ROW + HEIGHT + 4,
  });
}
