import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../lib/core/errors.ts";
import { loadModel } from "../../lib/model/checkpoint.ts";
import { StoredWeights } from "../../lib/model/stored_weights.ts";
import { inDirectory } from "../core/temporary.ts";

const SHARDED = fileURLToPath(new URL("../fixtures/model/qwen3_untied", import.meta.url));
const INDEX = "model.safetensors.index.json";
const [FIRST, SECOND] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

/** Runs a test on a copy of a sharded model. */
function onCopy(test: (directory: string) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    for (const { name } of Deno.readDirSync(SHARDED)) {
      await Deno.copyFile(join(SHARDED, name), join(directory, name));
    }
    await test(directory);
  });
}

async function changeIndex(
  directory: string,
  change: (map: Record<string, string>) => unknown,
): Promise<void> {
  const path = join(directory, INDEX);
  const index = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify(change(index.weight_map)));
}

function rejects(directory: string, message: RegExp): Promise<void> {
  return assert.rejects(
    loadModel(directory),
    (error) => error instanceof UsageError && message.test(error.message),
  );
}

Deno.test("StoredWeights.open() finds every tensor of every shard", async () => {
  using stored = await StoredWeights.open(SHARDED);
  assert.equal(stored.count, 2);
  assert.equal(stored.tensors.size, 2 * 11 + 3);
});

Deno.test("StoredWeights.open() prefers one whole file to an index beside it", () =>
  onCopy(async (directory) => {
    const one = fileURLToPath(new URL("../fixtures/model/tied/model.safetensors", import.meta.url));
    await Deno.copyFile(one, join(directory, "model.safetensors"));
    using stored = await StoredWeights.open(directory);
    assert.equal(stored.count, 1);
  }));

Deno.test("loadModel() of shards names what is missing, elsewhere, or twice", async (t) => {
  const cases: [string, (directory: string) => Promise<unknown>, RegExp][] = [
    [
      "a missing shard",
      (d) => Deno.remove(join(d, SECOND)),
      /model-00002-of-00002\.safetensors does not exist\.$/,
    ],
    ["no weights at all", (d) => Deno.remove(join(d, INDEX)), /model\.safetensors does not exist\.$/],
    ["no config.json", (d) => Deno.remove(join(d, "config.json")), /config\.json does not exist\.$/],
    [
      "an index that is no JSON",
      (d) => Deno.writeTextFile(join(d, INDEX), '{"weight_map"'),
      /index\.json is no valid JSON/,
    ],
    ["an index without a map", (d) => changeIndex(d, () => ({})), /index\.json: weight_map is no object/],
    [
      "a file outside the directory",
      (d) => changeIndex(d, (map) => ({ weight_map: { ...map, "lm_head.weight": "../secret.safetensors" } })),
      /weight_map names "\.\.\/secret\.safetensors", expected a \.safetensors file beside it/,
    ],
    [
      "a tensor that its file lacks",
      (d) => changeIndex(d, (map) => ({ weight_map: { ...map, other: FIRST } })),
      /model-00001-of-00002\.safetensors has no tensor "other"/,
    ],
    [
      "a tensor that the index does not list",
      (d) => changeIndex(d, ({ "lm_head.weight": _, ...map }) => ({ weight_map: map })),
      /has a tensor "lm_head\.weight" that .* does not place in/,
    ],
    [
      "a shard in two files",
      (d) => Deno.copyFile(join(d, FIRST), join(d, SECOND)),
      /model-00002-of-00002\.safetensors has no tensor/,
    ],
  ];
  for (const [name, damage, message] of cases) {
    await t.step(name, () =>
      onCopy(async (directory) => {
        await damage(directory);
        await rejects(directory, message);
      }));
  }
});

Deno.test("loadModel() of damaged files says so in one sentence, whatever the damage", () =>
  onCopy(async (directory) => {
    const names = ["config.json", INDEX, FIRST];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.oneof(
          fc.constant("cut" as const),
          fc.constant("longer" as const),
          fc.uint8Array({ minLength: 1, maxLength: 8 }),
        ),
        async (name, place, damage) => {
          const whole = await Deno.readFile(join(SHARDED, name));
          // The headers are where damage can be seen; a changed weight is a weight.
          const at = place % Math.min(whole.length, 1500);
          const changed = damage === "cut"
            ? whole.subarray(0, at)
            : Uint8Array.of(...whole, ...(damage === "longer" ? [0x7b] : []));
          if (typeof damage !== "string") changed.set(damage.subarray(0, whole.length - at), at);
          await Deno.writeFile(join(directory, name), changed);
          try {
            await loadModel(directory);
          } catch (error) {
            assert.ok(error instanceof UsageError, String(error));
            assert.ok(!error.message.includes("\n"), error.message);
          } finally {
            await Deno.writeFile(join(directory, name), whole);
          }
        },
      ),
      { numRuns: 300 },
    );
  }));
