import assert from "node:assert/strict";
import { extractSpeeches } from "../../../lib/sources/extract/speeches.ts";
import { packageFiles } from "../../../lib/sources/npm.ts";
import { temporaryDirectory } from "../temporary_directory.ts";

Deno.test("extractSpeeches() puts a heading over each address", async () => {
  await using directory = await temporaryDirectory({
    "1790_george_washington_n.json":
      '{"year": 1790, "name": "George Washington", "party": null, "text": " I embrace "}',
    "1790_george_washington_n.txt": "I embrace",
    "file_list.json": "[]",
  });
  const root = directory.path;
  assert.deepEqual(await Array.fromAsync(extractSpeeches({ root, paths: packageFiles(root, ["."], []) })), [{
    text: "George Washington: State of the Union, 1790\n\nI embrace\n",
    metadata: { title: "George Washington: State of the Union, 1790", year: 1790, party: null },
  }]);
});
