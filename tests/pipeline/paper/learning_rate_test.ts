import assert from "node:assert/strict";
import { join } from "node:path";
import { readLearningRate } from "../../../lib/pipeline/paper/learning_rate.ts";
import { inDirectory } from "../../core/temporary.ts";
import { writeSmallRun } from "./small_run.ts";

Deno.test("readLearningRate() is the pretrained model's mean RankMe beside phase 1's rate", () =>
  inDirectory(async (root) => {
    await writeSmallRun(root);
    const { made } = await readLearningRate(root, "deno task midtrain");
    const { scores, ...rate } = made?.value ?? {};
    assert.deepEqual(rate, { peak: 0.005, rankMe: 15, positions: 100, width: 32 });
    assert.equal(scores?.[0]?.task, "gsm8k");
    assert.equal(made?.machine, "two cores");
    await Deno.remove(join(root, "pretrain-1", "manifest.json"));
    assert.equal((await readLearningRate(root, "deno task midtrain")).made, null);
  }));
