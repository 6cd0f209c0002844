import assert from "node:assert/strict";
import { join } from "node:path";
import { RunError, UsageError } from "../../lib/core/errors.ts";
import { names } from "../core/temporary.ts";
import { MODEL_SIZES, parameterCount } from "../../lib/model/config.ts";
import {
  type Checkpoint,
  type CheckpointPolicy,
  latestCheckpoint,
  saveCheckpoint,
  tidyCheckpoints,
} from "../../lib/train/checkpoint.ts";

const config = {
  ...MODEL_SIZES["140m"],
  vocabularySize: 8,
  width: 4,
  layers: 1,
  heads: 1,
  keyValueHeads: 1,
  headSize: 4,
  feedForwardWidth: 4,
};

/** So many of the newest and no others. */
function newest(count: number): CheckpointPolicy {
  return { newest: count, multiplesOf: null };
}

function checkpoint(step: number): Checkpoint {
  const filled = (start: number) =>
    Float32Array.from({ length: parameterCount(config) }, (_, i) => start + i / 7);
  return {
    state: { step, weights: filled(step), firstMoment: filled(-step), secondMoment: filled(step + 0.5) },
    data: { stage: "test", seed: 1, step, fingerprint: { length: 64 } },
    fingerprint: "f",
  };
}

Deno.test("latestCheckpoint() gives back what saveCheckpoint() was given, the newest first", async () => {
  const directory = await Deno.makeTempDir();
  assert.equal(await latestCheckpoint(join(directory, "none"), config, "f"), undefined);
  for (const step of [9, 10, 100]) await saveCheckpoint(directory, config, checkpoint(step), newest(2));
  assert.deepEqual(await latestCheckpoint(directory, config, "f"), checkpoint(100));
});

Deno.test("saveCheckpoint() keeps a GPU's loss scale and tiles", async () => {
  const directory = await Deno.makeTempDir();
  const plain = checkpoint(3);
  const tuning = { adapter: "card", products: { key: { tile: "tensor", split: 2 } } };
  const gpu = { ...plain, state: { ...plain.state, lossScale: 128, tuning } };
  await saveCheckpoint(directory, config, gpu, newest(1));
  assert.deepEqual(await latestCheckpoint(directory, config, "f"), gpu);
});

Deno.test("saveCheckpoint() keeps the newest and removes the rest", async () => {
  const directory = await Deno.makeTempDir();
  for (const step of [1, 2, 3, 4]) await saveCheckpoint(directory, config, checkpoint(step), newest(2));
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["step-00000003.safetensors", "step-00000004.safetensors"]);
  await saveCheckpoint(directory, config, checkpoint(5), newest(1));
  assert.equal([...Deno.readDirSync(directory)].length, 1);
});

Deno.test("latestCheckpoint() refuses another fingerprint, and a file cut short", async () => {
  const directory = await Deno.makeTempDir();
  await saveCheckpoint(directory, config, checkpoint(1), newest(1));
  await assert.rejects(latestCheckpoint(directory, config, "g"), RunError);
  await Deno.truncate(join(directory, "step-00000001.safetensors"), 500);
  await assert.rejects(latestCheckpoint(directory, config, "f"), UsageError);
});

Deno.test("saveCheckpoint() keeps no more than it has, whatever the policy asks for", async () => {
  const directory = await Deno.makeTempDir();
  for (const step of [1, 2, 3]) await saveCheckpoint(directory, config, checkpoint(step), newest(5));
  assert.equal((await names(directory)).length, 3);
});

Deno.test("saveCheckpoint() keeps every n-th for good, and tidyCheckpoints() those alone", async () => {
  const directory = await Deno.makeTempDir();
  const policy = { newest: 2, multiplesOf: 4 };
  for (const step of [2, 4, 6, 8, 10, 12, 14]) {
    await saveCheckpoint(directory, config, checkpoint(step), policy);
  }
  const files = (...steps: number[]) =>
    steps.map((step) => `step-${String(step).padStart(8, "0")}.safetensors`);
  assert.deepEqual(await names(directory), files(4, 8, 12, 14));
  assert.deepEqual(await latestCheckpoint(directory, config, "f"), checkpoint(14));
  await tidyCheckpoints(directory, policy);
  assert.deepEqual(await names(directory), files(4, 8, 12));
});

Deno.test("tidyCheckpoints() leaves no folder where nothing stays, and needs none", async () => {
  const directory = join(await Deno.makeTempDir(), "checkpoints");
  await tidyCheckpoints(directory, newest(2));
  await saveCheckpoint(directory, config, checkpoint(1), newest(2));
  await tidyCheckpoints(directory, newest(2));
  await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
});

Deno.test("saveCheckpoint() that fails leaves the checkpoint before it as it was, and nothing half-written", async () => {
  const directory = await Deno.makeTempDir();
  await saveCheckpoint(directory, config, checkpoint(1), newest(1));
  // A folder in the place of the file: its rename fails.
  await Deno.mkdir(join(directory, "step-00000002.safetensors", "full"), { recursive: true });
  await assert.rejects(saveCheckpoint(directory, config, checkpoint(2), newest(1)));
  await Deno.remove(join(directory, "step-00000002.safetensors"), { recursive: true });
  assert.deepEqual(await names(directory), ["step-00000001.safetensors"]);
  assert.deepEqual(await latestCheckpoint(directory, config, "f"), checkpoint(1));
});
