import assert from "node:assert/strict";
import { ablationSettings, listAblations } from "../../lib/pipeline/ablations.ts";
import { loadRecipe } from "../../lib/pipeline/recipe.ts";
import { conversationSource } from "../../lib/sources/conversations.ts";

/** The paper's letters. */
const LETTERS: Readonly<Record<string, string>> = {
  "open-math-reasoning": "M",
  "open-code-reasoning-2": "C",
  "open-science-reasoning-2": "S",
  "tulu-3": "Tulu-3",
};

/** Data of both stages, as Table 8 writes them. */
async function stages(name: string): Promise<string> {
  const { sft, reasoning } = await loadRecipe("demo", await ablationSettings(name));
  const letters = (sources: readonly string[] = []) => sources.map((source) => LETTERS[source]).join("+");
  return reasoning === null ? letters(sft.sources) : `${letters(sft.sources)}, ${letters(reasoning.sources)}`;
}

async function paperTable(name: string): Promise<{ columns: string[]; rows: (string | number)[][] }> {
  return JSON.parse(await Deno.readTextFile(new URL(`../../data/paper/${name}.json`, import.meta.url)));
}

Deno.test("the ablations of Table 8 are the table's rows", async () => {
  const { rows } = await paperTable("post_ablation");
  const published = new Set(rows.map(([kind, first, second]) => {
    if (second === "-") return "Tulu-3+M+C+S";
    const data = String(second).replace(/[()]/g, "");
    return kind === "Stage 1" && first === "(none)" ? data : `${first}, ${data}`;
  }));
  const ours = (await listAblations()).filter(({ table }) => table === 8);
  assert.deepEqual(new Set(await Promise.all(ours.map(({ name }) => stages(name)))), published);
  assert.equal(ours.length, published.size);
});

Deno.test("the ablations have the settings of Table 2, with one epoch of reasoning", async () => {
  const { columns, rows } = await paperTable("training_hparams");
  const of = (phase: string, column: string) =>
    rows.find((row) => row[1] === phase)?.[columns.indexOf(column)];
  const { sft, reasoning } = await loadRecipe("demo", await ablationSettings("same-reasoning"));
  assert.ok(reasoning !== null);
  for (const [phase, settings] of [["general_sft", sft], ["reasoning_sft", reasoning]] as const) {
    assert.equal(settings.learningRate, of(phase, "peak_learning_rate"));
    assert.equal(settings.length, of(phase, "sequence_length"));
    assert.equal(settings.sequences, 16 * 8 * Number(of(phase, "sequences_per_device")));
    assert.equal(`ratio ${settings.warmupRatio}`, of(phase, "warmup"));
    assert.deepEqual([settings.decay, settings.floor, settings.weightDecay], ["linear", 0, 0]);
  }
  assert.deepEqual([sft.epochs, reasoning.epochs], [2, 1]);
  assert.deepEqual([sft.ropeThetaFactor, reasoning.ropeThetaFactor], [1, 8]);
});

Deno.test("every ablation's sources are there, and without a general stage only the other is trained", async () => {
  for (const { name, general, reasoning } of await listAblations()) {
    for (const source of [...general ?? [], ...reasoning]) await conversationSource(source);
    const recipe = await loadRecipe("demo", await ablationSettings(name));
    assert.equal(recipe.reasoning === null, general === null);
    if (general === null) assert.equal(recipe.sft.ropeThetaFactor, 8);
  }
});

Deno.test("ablationSettings() names an unknown ablation and the known ones", async () => {
  await assert.rejects(ablationSettings("nonesuch"), {
    name: "UsageError",
    message: /^Ablation "nonesuch" is unknown, expected one of without-general, math, .*joint/,
  });
});
