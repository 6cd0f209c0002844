import assert from "node:assert/strict";
import { loadPrompt } from "../../lib/curation/prompt.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

Deno.test("loadPrompt() loads every prompt of the project, each with a hash of its own", async () => {
  const prompts = await Promise.all(["reasoning", "code", "math", "knowledge"].map(loadPrompt));
  assert.equal(new Set(prompts.map(({ hash }) => hash)).size, 4);
  for (const { before, after } of prompts) assert.ok(before.endsWith("###\n") && after.endsWith("Answer:"));
});

Deno.test("loadPrompt() takes a file of one's own and refuses one without a place for the document", async () => {
  await using directory = await temporaryDirectory({
    "own.txt": "\nIs this good?\n{document}\n1 or 0: \n",
    "none.txt": "Is this good?",
    "two.txt": "{document} {document}",
  });
  const { name, before, after } = await loadPrompt(`${directory.path}/own.txt`);
  assert.deepEqual([name, before, after], ["own", "Is this good?\n", "\n1 or 0:"]);
  await assert.rejects(loadPrompt(`${directory.path}/none.txt`), {
    name: "UsageError",
    message: /none.txt has \{document\} 0 times, expected once/,
  });
  await assert.rejects(loadPrompt(`${directory.path}/two.txt`), { name: "UsageError", message: /2 times/ });
  await assert.rejects(loadPrompt("poetry"), {
    name: "UsageError",
    message: 'Prompt "poetry" does not exist, expected a file or one of code, knowledge, math, reasoning.',
  });
});
