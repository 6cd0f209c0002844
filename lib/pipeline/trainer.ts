/**
 * Training by PyTorch instead of our backends, for a recipe whose `trainer` is "torch": pretraining's phases and mid-training's stages.
 *
 * PyTorch's trainer is in a room above this one (lib/launch/torch), so the task that has it brings it along. For every other task its
 * stages have to be there already.
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { Recipe } from "./recipe.ts";
import { checkFinished, type FinishedStage, type RunSettings, type Stage } from "./stage.ts";
import { changesOf } from "./stage_changes.ts";
import type { TrainingResult, TrainingStage } from "./stages/training.ts";

/** Makes another trainer's stage of ours: what is trained on what stays the same. Its name is {@link torchStageName}'s. */
export type Trainer = (own: TrainingStage, recipe: Recipe) => Stage<TrainingResult>;

/** PyTorch's stage beside ours. */
export function torchStageName(own: string): string {
  return `torch-${own}`;
}

/**
 * What PyTorch made of a stage of ours: finished, unaltered, with the same recipe and inputs.
 *
 * @throws {UsageError} where it is not there, or was made of something else.
 */
export async function findTrained(
  own: TrainingStage,
  { root }: Pick<RunSettings, "root">,
): Promise<FinishedStage<TrainingResult>> {
  const directory = join(root, torchStageName(own.name));
  // Which code trained is its trainer's matter: that is not to be seen from here.
  const found = await checkFinished<TrainingResult>(directory, (manifest) => {
    const changes = changesOf(manifest, { ...own, code: manifest.code });
    return changes.length === 0 ? undefined : `it was made with ${changes.join(", ")}`;
  });
  if ("manifest" in found) return { manifest: found.manifest, directory, skipped: true };
  throw new UsageError(
    `The recipe's trainer is "torch", and ${directory} cannot be used: ${found.reason}. \`deno task torch\` makes it.`,
  );
}
