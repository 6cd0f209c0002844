import assert from "node:assert/strict";
import { join } from "node:path";
import { recordedTokenizer } from "../../lib/pipeline/recorded_tokenizer.ts";
import { inDirectory } from "../core/temporary.ts";

Deno.test("recordedTokenizer() reads the manifest beside a model, and knows none without one", () =>
  inDirectory(async (directory) => {
    const [model, manifest] = [join(directory, "model"), join(directory, "manifest.json")];
    assert.equal(await recordedTokenizer(model), undefined);
    for (const other of ["{", "[]", '{"recipe": {"tokenizer": 3}}']) {
      await Deno.writeTextFile(manifest, other);
      assert.equal(await recordedTokenizer(model), undefined);
    }
    await Deno.writeTextFile(manifest, '{"recipe": {"tokenizer": "llama3-4096", "seed": 1}}');
    assert.equal(await recordedTokenizer(model), "llama3-4096");
  }));
