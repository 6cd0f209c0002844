import assert from "node:assert/strict";
import { join } from "node:path";
import { readGroupedDocuments } from "../../../lib/mixture/validation/shard_documents.ts";
import { inDirectory } from "../../core/temporary.ts";
import { concatenated, shardsOf } from "../../shards/support.ts";

Deno.test("readGroupedDocuments() reads the first documents of every source, whole", async () => {
  await inDirectory(async (directory) => {
    (await shardsOf(directory, "mail", ["dear", "sir"]))[Symbol.dispose]();
    (await shardsOf(directory, "code", ["if", "x".repeat(60), "else"]))[Symbol.dispose]();
    const documents = await readGroupedDocuments(directory, 256, 2);
    assert.deepEqual(
      documents.map(({ group, tokens }) => [group, [...tokens]]),
      [["code", "if"], ["code", "x".repeat(60)], ["mail", "dear"], ["mail", "sir"]].map((
        [group, text],
      ) => [group, concatenated(text ?? "")]),
    );
    await assert.rejects(readGroupedDocuments(directory, 300, 2), {
      name: "UsageError",
      message: `${join(directory, "code")} has a vocabulary of 256, the model one of 300.`,
    });
  });
});

Deno.test("readGroupedDocuments() refuses a directory without shards", async () => {
  await inDirectory(async (directory) => {
    await assert.rejects(readGroupedDocuments(directory, 256, 2), {
      name: "UsageError",
      message: `${directory} holds no directories of token shards.`,
    });
    const missing = join(directory, "missing");
    await assert.rejects(readGroupedDocuments(missing, 256, 2), { message: `${missing} does not exist.` });
  });
});
