/** An unfinished stage of training: what it refuses, and what it goes on from. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../../lib/core/artefacts.ts";
import { InterruptedError } from "../../../lib/core/errors.ts";
import { runStage } from "../../../lib/pipeline/stage.ts";
import { inDirectory, names } from "../../core/temporary.ts";
import { mixtureOf, RECIPE, smallPretraining } from "./small_pretraining.ts";

const { signal } = new AbortController();

Deno.test("an unfinished stage refuses another mixture, tokenizer, seed or batch by name, and goes on to the same bits", () =>
  inDirectory(async (folder) => {
    const stage = await smallPretraining(folder);
    const root = join(folder, "run");
    const stop = new AbortController();
    const watch = setInterval(async () => {
      if (await exists(join(root, "pretrain-1.partial", "checkpoints"))) {
        stop.abort(new InterruptedError("stopped"));
      }
    }, 1);
    await assert.rejects(runStage(stage(), { root, restart: false, signal: stop.signal }), {
      message: "stopped",
    })
      .finally(() => clearInterval(watch));

    const batch = { ...RECIPE, pretrain1: { ...RECIPE.pretrain1, sequences: 4 } };
    for (
      const [changed, what] of [
        [stage(RECIPE, mixtureOf("a")), "another mixture"],
        [stage({ ...RECIPE, tokenizer: "llama3-640" }), 'tokenizer "llama3-512" \\(now "llama3-640"\\)'],
        [stage({ ...RECIPE, seed: 2 }), "seed 1 \\(now 2\\)"],
        [stage(batch), "sequences 2 \\(now 4\\)"],
        [stage(RECIPE, mixtureOf("a", "b"), "others"), "other shards"],
      ] as const
    ) {
      await assert.rejects(runStage(changed, { root, restart: false, signal }), {
        name: "UsageError",
        message: new RegExp(
          `pretrain-1\\.partial is unfinished and was begun with ${what}; --restart begins`,
        ),
      });
    }
    const resumed = await runStage(stage(), { root, restart: false, signal });
    const whole = await runStage(stage(), { root: join(folder, "whole"), restart: false, signal });
    assert.equal(resumed.manifest.digest, whole.manifest.digest);
    assert.deepEqual(await names(root), ["pretrain-1"]);
  }));

async function mount(...flags: string[]): Promise<boolean> {
  return (await new Deno.Command("mount", { args: flags, stderr: "null" }).output()).success;
}

Deno.test({
  name: "a stage on a disk that fills up loses nothing: with room again it goes on to the same bits",
  // Only root mounts a small disk; what a task then says is in core/command_test.ts, which needs none.
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: () =>
    inDirectory(async (folder) => {
      const stage = await smallPretraining(folder);
      const root = join(folder, "disk");
      await Deno.mkdir(root);
      // Room for one checkpoint of two.
      assert.ok(await mount("-t", "tmpfs", "-o", "size=220k", "tmpfs", root));
      try {
        await assert.rejects(runStage(stage(), { root, restart: false, signal }), { code: "ENOSPC" });
        assert.deepEqual(await names(join(root, "pretrain-1.partial", "checkpoints")), [
          "step-00000002.safetensors",
        ]);
        assert.ok(await mount("-o", "remount,size=4m", root));
        const resumed = await runStage(stage(), { root, restart: false, signal });
        const whole = await runStage(stage(), { root: join(folder, "whole"), restart: false, signal });
        assert.equal(resumed.manifest.digest, whole.manifest.digest);
      } finally {
        await new Deno.Command("umount", { args: [root] }).output();
      }
    }),
});
