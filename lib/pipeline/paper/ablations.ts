/**
 * What `deno task eval` measured after the paper's ablations of post-training: `eval/ABLATION` in a run's folder.
 * @module
 */
import { join } from "node:path";
import { exists } from "../../core/artefacts.ts";
import type { AblationScores, Part, TunedScores } from "../../figures/paper/paper_run.ts";
import { listAblations } from "../ablations.ts";
import { type Made, madePart } from "./found.ts";
import { findEvaluation, parametersOf } from "./scores.ts";

/** Sources by the names that Table 8 gives them. */
const LETTERS: Readonly<Record<string, string>> = {
  "tulu-3": "Tulu-3",
  "open-math-reasoning": "M",
  "open-code-reasoning-2": "C",
  "open-science-reasoning-2": "S",
};

/** The ablation of Table 9; imported models lie beside the run's own, as `same-reasoning-NAME`. */
const SAME = "same-reasoning";

/** Trains one, then asks it: each takes the place of the last, but for what was asked. */
function commandOf(run: string, ablation: string, tasks: string): string {
  return `deno task sft --run ${run} --ablation ${ablation} && ` +
    `deno task eval --model runs/${run}/reasoning/model --tasks ${tasks} --mode chat --data DIR ` +
    `--out runs/${run}/eval/${ablation}`;
}

/** Rows for Table 8, in its order. */
export async function readAblations(run: string, root: string): Promise<Part<readonly AblationScores[]>> {
  const command = commandOf(run, "math-code-science", "math500,gsm8k,livecodebench_v6,mmlu");
  const rows: AblationScores[] = [];
  let last: Made | undefined;
  for (const { name, table, general, reasoning } of await listAblations()) {
    const found = table === 8 ? await findEvaluation(root, name) : undefined;
    if (found === undefined) continue;
    rows.push({ general: lettersOf(general ?? []), reasoning: lettersOf(reasoning), scores: found.scores });
    last = found;
  }
  return last === undefined ? { command, made: null } : madePart(command, rows, last);
}

/** Rows for Table 9: the run's own model, then imported ones by name. */
export async function readSameFineTuning(run: string, root: string): Promise<Part<readonly TunedScores[]>> {
  const command = commandOf(run, SAME, "math500,gsm8k,livecodebench_v6");
  const directory = join(root, "eval"), imported: string[] = [];
  if (await exists(directory)) {
    for await (const { name } of Deno.readDir(directory)) {
      if (name.startsWith(`${SAME}-`)) imported.push(name.slice(SAME.length + 1));
    }
  }
  const models = [
    { model: run, name: SAME, stage: "reasoning" },
    ...imported.sort().map((model) => ({ model, name: `${SAME}-${model}`, stage: `sft-${model}` })),
  ];
  const rows: TunedScores[] = [];
  let last: Made | undefined;
  for (const { model, name, stage } of models) {
    const found = await findEvaluation(root, name);
    if (found === undefined) continue;
    rows.push({ model, parameters: await parametersOf(root, stage), scores: found.scores });
    last = found;
  }
  return last === undefined ? { command, made: null } : madePart(command, rows, last);
}

function lettersOf(sources: readonly string[]): string {
  return sources.length === 0 ? "(none)" : sources.map((source) => LETTERS[source] ?? source).join("+");
}
