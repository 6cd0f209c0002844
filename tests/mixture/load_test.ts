import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { loadMixture } from "../../lib/mixture/load.ts";

Deno.test("loadMixture() normalises the published mixtures and keeps what they print", async () => {
  for (
    const [name, sum] of [["mobilellm-r1-pretrain-1", 100.01], ["mobilellm-r1-pretrain-2", 99.99]] as const
  ) {
    const { sources } = await loadMixture(name);
    assert.ok(Math.abs(sources.reduce((total, { printed }) => total + printed, 0) - sum) < 1e-9);
    assert.ok(Math.abs(sources.reduce((total, { weight }) => total + weight, 0) - 1) < 1e-12);
  }
});

Deno.test("loadMixture() reads anyone's file, and says which weights are off", async () => {
  const path = join(await Deno.makeTempDir(), "mine.json");
  const mixture = {
    name: "mine",
    method: "designed",
    sources: [{ name: "a", weight: 0.5 }, { name: "b", weight: 0.4 }],
    tokenizer: null,
    proxy: null,
    tokenBudget: null,
    caps: { maxEpochs: null },
    createdFrom: "a test",
  };
  await Deno.writeTextFile(path, JSON.stringify(mixture));
  await assert.rejects(
    loadMixture(path),
    (error) => error instanceof UsageError && /mine\.json.*0\.9.*within 1%/.test(error.message),
  );
});

Deno.test("loadMixture() lists the known names where it finds none", async () => {
  await assert.rejects(
    loadMixture("nonesuch"),
    (error) => error instanceof UsageError && /"nonesuch".*demo-phase1/.test(error.message),
  );
});
