/**
 * Stages that did nothing but leave a directory, for those that read them.
 * @module
 */
import type { FinishedStage } from "../../../lib/pipeline/stage.ts";

/** @param digest Tells it from another of the same name. */
export function finished<Result>(
  stage: string,
  directory: string,
  result: Result,
  digest = "",
): FinishedStage<Result> {
  const manifest = {
    stage,
    fingerprint: "",
    recipe: null,
    inputs: {},
    code: "",
    outputs: [],
    digest,
    result,
  };
  return { manifest: { ...manifest, finishedAt: "", machine: "", seconds: 0 }, directory, skipped: false };
}
