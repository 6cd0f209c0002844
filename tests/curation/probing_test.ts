import assert from "node:assert/strict";
import { capabilitiesOf, listsByDomain, loadProbingLists } from "../../lib/curation/probing.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

Deno.test("loadProbingLists() has the paper's lists: 14 sources, three of them in all", async () => {
  const lists = await loadProbingLists("mobilellm-r1");
  const sources = new Set(Object.values(lists).flat());
  assert.equal(sources.size, 14);
  const everywhere = [...sources].filter((source) => capabilitiesOf(source, lists).length === 3);
  assert.deepEqual(everywhere, ["Cosmopedia", "Facebook natural reasoning", "peS2o"]);
  assert.deepEqual(capabilitiesOf("mail", lists), []);
});

Deno.test("loadProbingLists() refuses a list that is missing or empty", async () => {
  await using directory = await temporaryDirectory({
    "own.json": JSON.stringify({
      createdFrom: "us",
      capabilities: { code: ["a"], math: [], knowledge: ["b"] },
    }),
  });
  await assert.rejects(loadProbingLists(`${directory.path}/own.json`), {
    name: "UsageError",
    message: /own.json: capabilities.math: /,
  });
  await assert.rejects(loadProbingLists("nobody"), { name: "UsageError", message: /one of mobilellm-r1/ });
});

Deno.test("listsByDomain() leaves mail and other sources out", () => {
  const specs = [
    { name: "a", domain: "code" },
    { name: "b", domain: "mail" },
    { name: "c", domain: "code" },
    { name: "d", domain: "other" },
    { name: "e", domain: "math" },
  ] as const;
  assert.deepEqual(listsByDomain(specs), { code: ["a", "c"], math: ["e"], knowledge: [] });
});
