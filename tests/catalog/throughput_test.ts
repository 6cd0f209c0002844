import assert from "node:assert/strict";
import { timeCatalogue, writeFacts } from "../../lib/catalog/throughput.ts";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

Deno.test("timeCatalogue() times every step on as many documents as writeFacts() wrote", async () => {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  const paths = await writeFacts(path, 1000);
  const lines = (await Promise.all(paths.map((file) => Deno.readTextFile(file)))).join("").trim().split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(lines.length, 1000);
  assert.equal(new Set(lines.map(({ id }) => id)).size, 1000);
  assert.equal(new Set(lines.map(({ source }) => source)).size, 28);
  const settings = { directory: `${path}/catalog`, spillDirectory: path, memoryLimit: "100MB", threads: 1 };
  const timings = await timeCatalogue(paths, 1000, settings);
  assert.deepEqual(Object.keys(timings), ["ingest", "perSource", "save", "open"]);
  for (const seconds of Object.values(timings)) assert.ok(seconds > 0);
  await Deno.remove(`${path}/catalog`, { recursive: true });
  await assert.rejects(timeCatalogue(paths, 1001, settings), {
    message: "1000 of 1001 documents came back.",
  });
});
