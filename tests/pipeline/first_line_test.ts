import assert from "node:assert/strict";
import { firstLine, runScript } from "../../lib/pipeline/first_line.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";

Deno.test("firstLine() is null where a program is absent, fails or is silent", async () => {
  const deno = (code: string) => firstLine(Deno.execPath(), "eval", code);
  assert.equal(await deno("console.log('first'); console.log('second')"), "first");
  assert.equal(await deno("console.log('first'); Deno.exit(1)"), null);
  assert.equal(await deno(""), null);
  assert.equal(await firstLine("no-such-program"), null);
});

Deno.test("runScript() runs in the project's root", async () => {
  const code = 'import { sha256 } from "./lib/core/artefacts.ts"; console.log(sha256("").slice(0, 8));';
  assert.equal(await runScript(projectRoot, code), "e3b0c442");
});
