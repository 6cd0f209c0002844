import assert from "node:assert/strict";
import { join } from "node:path";
import { writeJson } from "../../../lib/core/artefacts.ts";
import { readScores } from "../../../lib/pipeline/paper/scores.ts";
import { inDirectory } from "../../core/temporary.ts";
import { writeSmallRun } from "./small_run.ts";

Deno.test("readScores() reads lm-eval's values, not their errors, and the tokens of both phases", () =>
  inDirectory(async (root) => {
    await writeSmallRun(root);
    const { made } = await readScores("small", root, "base");
    assert.deepEqual(made?.value, {
      parameters: null,
      tokens: 800,
      scores: [{
        task: "gsm8k",
        questions: 0,
        scores: [{ metric: "exact_match", value: 0.25, standardError: null, low: null, high: null }],
      }],
    });
    assert.equal((await readScores("small", root, "final")).made, null);
  }));

Deno.test("readScores() asks the last model that is there", () =>
  inDirectory(async (root) => {
    const asked = async () => / --model (\S+) /.exec((await readScores("small", root, "base")).command)?.[1];
    assert.equal(await asked(), "runs/small/pretrain-2/model");
    await writeJson(join(root, "midtrain-1", "model", "config.json"), {});
    assert.equal(await asked(), "runs/small/midtrain-1/model");
  }));
