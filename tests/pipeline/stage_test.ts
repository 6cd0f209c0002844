import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { type RunSettings, runStage, type Stage } from "../../lib/pipeline/stage.ts";

const never = new AbortController().signal;

async function settings(): Promise<RunSettings> {
  return { root: await Deno.makeTempDir(), restart: false, signal: never };
}

/** A stage that writes its text to a file, and counts how often it ran. */
function textStage(text: string, inputs: Record<string, string> = {}) {
  const counter = { runs: 0 };
  const stage: Stage<{ length: number }> = {
    name: "text",
    recipe: { text },
    inputs,
    code: [new URL("../../lib/core/errors.ts", import.meta.url)],
    resumable: false,
    timed: ["time.txt"],
    async run({ directory }) {
      counter.runs++;
      await Deno.mkdir(join(directory, "sub"));
      await Deno.writeTextFile(join(directory, "sub", "text.txt"), text);
      await Deno.writeTextFile(join(directory, "time.txt"), String(counter.runs));
      return { length: text.length };
    },
  };
  return { stage, counter };
}

Deno.test("runStage() runs once, then finds the stage done", async () => {
  const run = await settings();
  const { stage, counter } = textStage("hello");
  const first = await runStage(stage, run), second = await runStage(stage, run);
  assert.deepEqual([first.skipped, second.skipped, counter.runs], [false, true, 1]);
  assert.deepEqual(second.manifest, first.manifest);
  assert.deepEqual(first.manifest.result, { length: 5 });
  assert.deepEqual(first.manifest.outputs.map(({ path }) => path), ["sub/text.txt", "time.txt"]);
});

Deno.test("runStage() rebuilds after a change of recipe or input", async () => {
  const run = await settings();
  await runStage(textStage("hello").stage, run);
  for (const changed of [textStage("hullo"), textStage("hullo", { upstream: "1" })]) {
    assert.equal((await runStage(changed.stage, run)).skipped, false);
    assert.equal((await runStage(changed.stage, run)).skipped, true);
  }
});

for (
  const [what, damage] of [
    ["deleted", (path: string) => Deno.remove(path)],
    ["altered", (path: string) => Deno.writeTextFile(path, "hellO")],
    ["cut short", (path: string) => Deno.truncate(path, 3)],
  ] as const
) {
  Deno.test(`runStage() notices an output that was ${what}, and rebuilds it`, async () => {
    const run = await settings();
    const { stage, counter } = textStage("hello");
    const { directory } = await runStage(stage, run);
    await damage(join(directory, "sub", "text.txt"));
    assert.equal((await runStage(stage, run)).skipped, false);
    assert.equal(await Deno.readTextFile(join(directory, "sub", "text.txt")), "hello");
    assert.equal(counter.runs, 2);
  });
}

Deno.test("runStage() rebuilds where the manifest is damaged", async () => {
  const run = await settings();
  const { stage, counter } = textStage("hello");
  const { directory } = await runStage(stage, run);
  await Deno.truncate(join(directory, "manifest.json"), 20);
  await runStage(stage, run);
  assert.equal(counter.runs, 2);
});

Deno.test("runStage() gives a digest that timings do not change", async () => {
  const run = await settings();
  const { stage } = textStage("hello");
  const { manifest, directory } = await runStage(stage, run);
  await Deno.remove(join(directory, "time.txt"));
  const again = await runStage(stage, run);
  assert.equal(again.manifest.digest, manifest.digest);
  assert.notDeepEqual(again.manifest.outputs, manifest.outputs);
});

/** A stage that fails half-way the first time, and says whether it found its earlier half. */
function interruptedStage(recipe: string) {
  const stage: Stage<boolean> = {
    name: "long",
    recipe,
    inputs: {},
    code: [],
    resumable: true,
    timed: [],
    async run({ directory }) {
      const half = join(directory, "half.txt");
      const resumed = await Deno.readTextFile(half).then(() => true, () => false);
      if (resumed) return true;
      await Deno.writeTextFile(half, "half");
      throw new Error("killed");
    },
  };
  return stage;
}

Deno.test("runStage() goes on with an unfinished stage, and nothing of it passes for finished", async () => {
  const run = await settings();
  await assert.rejects(runStage(interruptedStage("a"), run), /killed/);
  await assert.rejects(Deno.stat(join(run.root, "long")), Deno.errors.NotFound);
  const { manifest } = await runStage(interruptedStage("a"), run);
  assert.equal(manifest.result, true);
  await assert.rejects(Deno.stat(join(run.root, "long.partial")), Deno.errors.NotFound);
});

Deno.test("runStage() refuses an unfinished stage of another recipe, and --restart begins it anew", async () => {
  const run = await settings();
  await assert.rejects(runStage(interruptedStage("a"), run), /killed/);
  await assert.rejects(
    runStage(interruptedStage("b"), run),
    (error) =>
      error instanceof UsageError &&
      /long\.partial is unfinished and was begun with recipe "a" \(now "b"\); --restart begins/.test(
        error.message,
      ),
  );
  await assert.rejects(runStage(interruptedStage("b"), { ...run, restart: true }), /killed/);
});

Deno.test("runStage() leaves nothing of a stage that is refused before it has made anything", async () => {
  const run = await settings();
  const refused: Stage<null> = {
    ...{ name: "refused", recipe: null, inputs: {}, code: [], resumable: true, timed: [] },
    async run({ directory }) {
      await Deno.mkdir(join(directory, "empty"));
      throw new UsageError("The teacher has another vocabulary.");
    },
  };
  await assert.rejects(runStage(refused, run), /another vocabulary/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(run.root)), []);
});

Deno.test("runStage() clears away files that a killed sitting was writing", async () => {
  const run = await settings();
  const stage = interruptedStage("a");
  await assert.rejects(runStage(stage, run), /killed/);
  const partial = join(run.root, "long.partial");
  await Deno.mkdir(join(partial, "model"));
  await Deno.writeTextFile(join(partial, "model", ".weights.safetensors.4711.partial"), "half");
  const { manifest } = await runStage(stage, run);
  assert.deepEqual(manifest.outputs.map(({ path }) => path), ["half.txt"]);
});

Deno.test("runStage() finishes a stage that was killed between its manifest and its rename", async () => {
  const run = await settings();
  const { stage, counter } = textStage("hello");
  const { directory } = await runStage(stage, run);
  await Deno.rename(directory, `${directory}.partial`);
  assert.equal((await runStage(stage, run)).skipped, false);
  assert.equal(counter.runs, 1);
  assert.equal((await runStage(stage, run)).skipped, true);
});
