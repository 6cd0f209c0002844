import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { importStatements, mentions, parseImports } from "../../../lib/pipeline/promotion/imports.ts";

const CELL = `import * as aq from "arquero";
import fs, { type Stats } from "node:fs";
import type { A, B as C } from "./a.ts";
import {
  d,
  e as f,
} from "./a.ts";
const x = 1;`;

Deno.test("importStatements() writes what the code names, a module once, packages first", () => {
  const imports = parseImports(CELL, "");
  assert.deepEqual(importStatements(imports, "let c: C; f(d); aq.table({}); fs.x"), [
    'import * as aq from "arquero";',
    'import { default as fs } from "node:fs";',
    'import { type B as C, d, e as f } from "./a.ts";',
  ]);
  assert.deepEqual(importStatements(imports, "let a: A;"), ['import type { A } from "./a.ts";']);
  assert.deepEqual(importStatements(imports, "x"), []);
});

Deno.test("importStatements() gives a name to its first import", () => {
  const imports = [
    ...parseImports(`import { a } from "./a.ts";`, ""),
    ...parseImports(`import { a } from "./b.ts";`, ""),
  ];
  assert.deepEqual(importStatements(imports, "a"), ['import { a } from "./a.ts";']);
});

Deno.test("mentions() knows names from parts of names and from members", () => {
  assert.ok(mentions("f(run)", "run"));
  assert.ok(mentions("${run.name}", "run"));
  assert.ok(mentions("[...run]", "run"));
  assert.equal(mentions("a.run()", "run"), false);
  assert.equal(mentions("runs", "run"), false);
});

Deno.test("parseImports() refuses an import for its effects", () => {
  assert.throws(
    () => parseImports(`import "./a.ts";`, "a.ipynb, cell [2]"),
    new UsageError('a.ipynb, cell [2]: import "./a.ts"; imports no names, expected some.'),
  );
});
