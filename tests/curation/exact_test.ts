import assert from "node:assert/strict";
import { withoutExactDuplicates } from "../../lib/curation/exact.ts";
import { documentOf } from "./documents.ts";

Deno.test("withoutExactDuplicates() keeps the first of every text, across sources", async () => {
  const documents = [
    documentOf("a", "one"),
    documentOf("b", "one"),
    documentOf("a", "two"),
    documentOf("A", "two"),
  ];
  const dropped: string[] = [];
  const kept = await Array.fromAsync(
    withoutExactDuplicates(
      async function* () {
        yield* await Promise.resolve(documents);
      }(),
      ({ text, source }) => dropped.push(`${text} of ${source}`),
    ),
  );
  assert.deepEqual(kept.map(({ text }) => text), ["a", "b", "A"]);
  assert.deepEqual(dropped, ["a of two"]);
});
