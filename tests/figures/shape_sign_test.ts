import assert from "node:assert/strict";
import { mixtureStyle } from "../../lib/figures/mixture_styles.ts";
import { shapeSign } from "../../lib/figures/shape_sign.ts";
import { domainStyle } from "../../lib/figures/theme.ts";

Deno.test("shapeSign() knows every shape of the charts", () => {
  const shapes = [
    ...["code", "math", "knowledge", "mail", "own"].map((name) => domainStyle(name).shape),
    ...["influence", "uniform", "tokens", "leave-one-out", "own"].map((name) => mixtureStyle(name).shape),
  ];
  assert.ok(shapes.every((shape) => shapeSign(shape) !== "•"));
  assert.equal(new Set(shapes.map(shapeSign)).size, new Set(shapes).size);
});
