import assert from "node:assert/strict";
import { dirname } from "node:path";
import { documentsPath } from "../../../lib/pipeline/stages/corpus.ts";
import { heldOutDocuments } from "../../../lib/pipeline/stages/held_out_documents.ts";
import { isHeldOut } from "../../../lib/shards/split.ts";
import { inDirectory } from "../../core/temporary.ts";

Deno.test("heldOutDocuments() gives the first held-out documents of each source", () =>
  inDirectory(async (corpus) => {
    const ids = Array.from({ length: 40 }, (_, i) => String(i));
    for (const source of ["a", "b"]) {
      const path = documentsPath(corpus, source);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(
        path,
        ids.map((id) => JSON.stringify({ id, text: source + id }) + "\n").join(""),
      );
    }
    const expected = ids.filter((id) => isHeldOut(id, 0.3)).slice(0, 5);
    assert.equal(expected.length, 5);
    const documents = await heldOutDocuments(corpus, ["b", "a"], 0.3, 5);
    assert.deepEqual(documents.map(({ id, source, text }) => [id, source, text]), [
      ...expected.map((id) => [id, "b", `b${id}`]),
      ...expected.map((id) => [id, "a", `a${id}`]),
    ]);
  }));
