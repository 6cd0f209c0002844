import assert from "node:assert/strict";
import { follow } from "../../lib/pipeline/notebook_live.ts";
import { outputsOf } from "./cell_outputs.ts";

Deno.test("follow() only waits outside of Jupyter, and draws nothing", async () => {
  const draw = () => Promise.reject(new Error("drawn"));
  assert.equal(await follow(Promise.resolve(7), draw), 7);
  await assert.rejects(follow(Promise.reject(new RangeError("no")), draw), RangeError);
});

Deno.test("followTraining() leaves one chart of the losses in Jupyter", async () => {
  const outputs = await outputsOf(`import { followTraining } from "../lib/pipeline/notebook_live.ts";
import { MetricsLog } from "../lib/train/metrics_log.ts";
const root = await Deno.makeTempDir();
async function train() {
  using log = await MetricsLog.open(root + "/pretrain-1.partial/metrics.jsonl", 0);
  for (let step = 1; step <= 4; step++) {
    await new Promise((resolve) => setTimeout(resolve, 600));
    log.append({ kind: "step", stage: "pretrain-1", step, tokens: 10 * step, loss: 5 - step, learningRate: 1, gradientNorm: 1, tokensPerSecond: 1 });
  }
}
await followTraining(train(), root, ["pretrain-1"])`);
  if (outputs === null) return;
  assert.equal(outputs.length, 1, JSON.stringify(outputs).slice(0, 400));
  const chart = outputs[0] as Record<string, unknown>;
  assert.deepEqual(Object.keys(chart).sort(), [
    "application/vnd.vegalite.v5+json",
    "image/svg+xml",
    "text/plain",
  ]);
  assert.match(JSON.stringify(chart["application/vnd.vegalite.v5+json"]), /"tokens":40/);
});

Deno.test("followText() leaves the whole text, once", async () => {
  const outputs = await outputsOf(`import { followText } from "../lib/pipeline/notebook_live.ts";
let text = "";
async function write() {
  for (const word of ["One", "two", "three"]) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    text += word + "\\n";
  }
}
await followText(write(), () => text)`);
  if (outputs !== null) assert.deepEqual(outputs, [{ "text/plain": "One\ntwo\nthree\n" }]);
});
