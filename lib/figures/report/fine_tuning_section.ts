/**
 * The report on fine-tuning: what it changed on held-out conversations and on held-out text.
 * @module
 */
import { formatNats } from "../format.ts";
import type { RunReport } from "../run_report.ts";
import type { FineTuningChange } from "../training_report.ts";
import { type Section, table } from "./parts.ts";

/** Parts of held-out conversations, which come first; all else is text. */
const CONVERSATION = ["answers", "prompts"];

/** Losses before and after each stage; nothing where there was none. */
export function fineTuningSection({ fineTuning, stages }: RunReport): Section {
  const ofStage = (stage: string) => {
    const title = stages.find(({ name }) => name === stage)?.title ?? stage;
    return table<FineTuningChange>(
      `${title}: loss in nats per token before and after. “answers”: what the assistant says in held-out conversations; “prompts”: the ` +
        "rest of them, which training gives no loss; the others are held-out text.",
      { kind: "own", source: "metrics of the run" },
      [
        { title: "Held out", cell: ({ probe }) => probe },
        { title: "Before", cell: ({ before }) => formatNats(before), numeric: true },
        { title: "After", cell: ({ after }) => formatNats(after), numeric: true },
        { title: "Change", cell: ({ before, after }) => change(after - before), numeric: true },
      ],
      fineTuning.filter((entry) => entry.stage === stage)
        .toSorted((a, b) => Number(isText(a)) - Number(isText(b))),
    );
  };
  return {
    id: "fine-tuning",
    title: "Fine-tuning",
    lead: "What it changed: answers are learnt, prompts are only read.",
    content: [...new Set(fineTuning.map(({ stage }) => stage))].map(ofStage),
  };
}

function isText({ probe }: FineTuningChange): boolean {
  return !CONVERSATION.includes(probe);
}

function change(nats: number): string {
  return nats < 0 ? formatNats(nats) : `+${formatNats(nats)}`;
}
