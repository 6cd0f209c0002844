/** What another trainer made is what a run goes on from; here that is our own loop under the other's name. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import type { Trainer } from "../../lib/pipeline/trainer.ts";
import { torchStageName } from "../../lib/pipeline/trainer.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { smallRun, writeSmallData } from "../launch/small_data.ts";

const asTorch: Trainer = (own) => ({ ...own, name: torchStageName(own.name) });

const SETTINGS = [
  "trainer=torch",
  ...["midtrain.steps=2", "midtrain.length=32", "midtrain.sequences=2", "midtrain.compression.stages=1"],
  "midtrain.compression.original=false",
];

Deno.test("a run with the trainer torch goes on from its stages, in pretraining and mid-training, and from no others", () =>
  inDirectory(async (folder) => {
    const recipe = await writeSmallData(folder), root = join(folder, "run");
    const refused = (changes: readonly string[], message: RegExp) =>
      assert.rejects(
        async () => await (await smallRun(recipe, root, [...SETTINGS, ...changes])).pretrained(),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    await refused([], /torch-pretrain-1 cannot be used: not there\. `deno task torch` makes it/);

    const training = await smallRun(recipe, root, SETTINGS, asTorch);
    const made = await training.midtraining();
    assert.equal(made.model.directory, join(root, "torch-midtrain-1"));
    assert.deepEqual(
      (await names(root)).filter((name) => /pretrain-|midtrain-/.test(name)),
      ["torch-midtrain-1", "torch-pretrain-1", "torch-pretrain-2"],
    );

    const after = await smallRun(recipe, root, SETTINGS);
    const found = await after.midtraining();
    assert.ok(after.finished.every(({ skipped }) => skipped));
    assert.equal(found.model.manifest.digest, made.model.manifest.digest);

    await refused(
      ["pretrain2.steps=5"],
      /torch-pretrain-2 cannot be used: it was made with steps 4 \(now 5\)/,
    );
    await Deno.writeTextFile(join(root, "torch-pretrain-1", "model", "config.json"), "{}");
    await refused([], /torch-pretrain-1 cannot be used: model\/config\.json was altered/);

    // Ours are beside them.
    const own = await smallRun(recipe, root, ["trainer=own"]);
    assert.equal((await own.pretrained()).directory, join(root, "pretrain-2"));
  }));
