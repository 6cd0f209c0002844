import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openJudge } from "../../lib/curation/open_judge.ts";
import { inDirectory } from "../core/temporary.ts";

const OPTIONS = { model: "stub", cacheDirectory: "unused", tokenizer: "llama3", format: "chat" } as const;

Deno.test("openJudge() opens a server by its address", async () => {
  const judge = await openJudge("http://localhost:8000/v1", OPTIONS);
  assert.ok("estimate" in judge);
  assert.equal(judge.name, "stub at http://localhost:8000/v1, first 8000 characters");
  await assert.rejects(openJudge("http://localhost:8000/v1", { ...OPTIONS, model: undefined }), {
    name: "UsageError",
    message: "The judge is the server http://localhost:8000/v1, but no model of it is named.",
  });
});

Deno.test("openJudge() refuses a directory without a model, and another model's tokenizer", () =>
  inDirectory(async (directory) => {
    await assert.rejects(openJudge(directory, OPTIONS), {
      name: "UsageError",
      message: /config.json does not exist/,
    });
    const model = fileURLToPath(new URL("../fixtures/model/tied", import.meta.url));
    await assert.rejects(openJudge(model, OPTIONS), {
      name: "UsageError",
      message: /^Tokenizer llama3 has 128256 ids, the judge in .*tied 61\.$/,
    });
  }));

Deno.test("openJudge() trains no judge without documents", async () => {
  await assert.rejects(openJudge("trained", OPTIONS), {
    name: "UsageError",
    message: "The judge is to be trained, but there are no documents to train it on.",
  });
});
