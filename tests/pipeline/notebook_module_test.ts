import assert from "node:assert/strict";
import { join } from "node:path";
import { extractModule, type ModuleResult, testModule } from "../../lib/pipeline/notebook_module.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";
import { notebookOf } from "./notebooks.ts";

const PATH = join(projectRoot, "notebooks", "trial.ipynb");

/** Type-checks and runs cells as if they were in notebooks/trial.ipynb. */
function run(...sources: string[]): Promise<ModuleResult> {
  return testModule(notebookOf(...sources), PATH, projectRoot, { run: true, seconds: 60 });
}

Deno.test("extractModule() makes relative imports absolute and leaves the others", () => {
  const { text } = extractModule(
    notebookOf(`import { a } from "../lib/a.ts";\nimport b from "b";\nconst c = await import('./c.ts');`),
    "/p/notebooks",
  );
  assert.match(text, /import \{ a \} from "file:\/\/\/p\/lib\/a\.ts";/);
  assert.match(text, /import b from "b";/);
  assert.match(text, /import\('file:\/\/\/p\/notebooks\/c\.ts'\)/);
});

Deno.test("extractModule() drops an import that an earlier cell has word for word, and keeps its lines", () => {
  const imports = `import {\n  a,\n  b,\n} from "c";`;
  const { text, locate } = extractModule(notebookOf(imports, `${imports}\na;`), ".");
  assert.equal(text.match(/from "c"/g)?.length, 1);
  const line = text.split("\n").lastIndexOf("a;") + 1;
  assert.deepEqual(locate(line), { cell: 2, line: 5 });
  assert.equal(locate(1), null);
});

Deno.test("testModule() runs cells in one scope, in the notebook's directory, without a semicolon between them", async () => {
  const result = await run(
    `import { sha256 } from "../lib/core/artefacts.ts";\nconst x: number = sha256("").length`,
    `import { sha256 } from "../lib/core/artefacts.ts";\n(await Promise.resolve(x))`,
    `console.log(x, sha256("").length, Deno.cwd().split(/[\\\\/]/).at(-1))`,
  );
  assert.deepEqual(result, { passed: true, output: "64 64 notebooks" });
});

Deno.test("testModule() names cell and line of a type error", async () => {
  const { passed, output } = await run("const x = 1;", "\nconst y: string = x;");
  assert.equal(passed, false);
  assert.match(output, /not assignable to type 'string'/);
  assert.match(output, /at notebooks.trial\.ipynb, cell \[2\], line 2/);
});

Deno.test("testModule() names cell and line of an exception", async () => {
  const { passed, output } = await run(
    "interface A {\n  a: number;\n}",
    "const a: A = { a: 1 };\nthrow new Error(`oh ${a.a}`);",
  );
  assert.equal(passed, false);
  assert.match(output, /oh 1/);
  assert.match(output, /at notebooks.trial\.ipynb, cell \[2\], line 2/);
});

Deno.test("testModule() refuses a name that two cells declare", async () => {
  const { passed, output } = await run("const x = 1;", "const x = 2;");
  assert.equal(passed, false);
  assert.match(output, /redeclare.*'x'/);
});

Deno.test("testModule() refuses cells that speak to Jupyter", async () => {
  const { passed, output } = await run("await Deno.jupyter.display(1)");
  assert.equal(passed, false);
  assert.match(output, /trial\.ipynb, cell \[1\] calls Deno\.jupyter/);
});
