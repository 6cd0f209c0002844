import assert from "node:assert/strict";
import { compareMixtures, mixtureStyle } from "../../lib/figures/mixture_styles.ts";

const NAMES = ["influence", "uniform", "tokens", "leave-one-out"];

Deno.test("mixtureStyle() tells the known mixtures apart without colour", () => {
  assert.equal(new Set(NAMES.map((name) => mixtureStyle(name).shape)).size, 4);
  assert.equal(new Set(NAMES.map((name) => mixtureStyle(name).dash.join())).size, 4);
  assert.equal(mixtureStyle("my own").shape, "cross");
});

Deno.test("compareMixtures() puts the known mixtures first, the rest by name", () => {
  assert.deepEqual(["z", "tokens", "a", "influence"].sort(compareMixtures), [
    "influence",
    "tokens",
    "a",
    "z",
  ]);
});
