import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { optionCall, parseParameters, typeText } from "../../../lib/pipeline/promotion/parameters.ts";

const CELL = `/** Of a million tokens. */
const inputPrice = 0;

/**
 * Where it stands,
 * in one line.
 */
const name: string | null = null;

/** Whether. */
const validate = false;

/** Some. */
const names: string[] = ["a", "b"];

/** One of two. */
const order: "up" | "down" = "up";`;

Deno.test("parseParameters() reads types, defaults and comments", () => {
  const parameters = parseParameters(CELL, "a.ipynb, cell [1]");
  assert.deepEqual(parameters.map(({ name, type, default: value }) => [name, type, value]), [
    ["inputPrice", "number", 0],
    ["name", "string", null],
    ["validate", "boolean", false],
    ["names", "string[]", ["a", "b"]],
    ["order", ["up", "down"], "up"],
  ]);
  assert.equal(parameters[1]?.description, "Where it stands, in one line.");
  assert.deepEqual(parameters.map(typeText), [
    "number",
    "string | null",
    "boolean",
    "string[]",
    '"up" | "down"',
  ]);
});

Deno.test("optionCall() writes commander's calls", () => {
  assert.deepEqual(parseParameters(CELL, "").map(optionCall), [
    '.option("--input-price <number>", "Of a million tokens.", numberFlag, 0)',
    '.addOption(new Option("--name <value>", "Where it stands, in one line.").default(null, "none"))',
    '.option("--validate", "Whether.", false)',
    '.option("--names <values...>", "Some.", ["a","b"])',
    '.addOption(new Option("--order <name>", "One of two.").choices(["up","down"]).default("up"))',
  ]);
  const [on] = parseParameters("/** On. */\nconst on = true;", "");
  assert.ok(on);
  assert.equal(optionCall(on), '.option("--no-on", "On.", true)');
});

Deno.test.each([
  ["no comment", "const x = 1;", /^a\.ipynb, cell \[1\]: "const x = 1;" is no parameter, expected/],
  ["a statement", "/** X. */\nlet x = 1;", /is no parameter/],
  ["a computed value", "/** X. */\nconst x = 1 + 1;", /x is 1 \+ 1, expected a string/],
  ["null without a type", "/** X. */\nconst x = null;", /x is null, expected a type beside it/],
  ["another type", "/** X. */\nconst x: Map = {};", /x is \{\}, expected/],
  [
    "a type that no flag has",
    "/** X. */\nconst x: bigint = 1;",
    /x has the type bigint, expected string, number/,
  ],
])("parseParameters() refuses %s", (_what, cell, message) => {
  assert.throws(() => parseParameters(cell, "a.ipynb, cell [1]"), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, message);
    return true;
  });
});
