/**
 * `--set key=value` on a recipe.
 * @module
 */
import { UsageError } from "../../core/errors.ts";

/**
 * Changes one value of a recipe in place; its key has to be there.
 *
 * @param assignment "key=value" with dotted keys; the value is JSON, or else a plain string.
 * @throws {UsageError} for another form, or an unknown key, listing the known ones.
 *
 * @example
 * ```ts
 * import { assign } from "./assignments.ts";
 * import assert from "node:assert/strict";
 * const recipe = { seed: 1, cpu: { blas: "off" } };
 * assign(recipe, "cpu.blas=auto");
 * assert.deepEqual(recipe, { seed: 1, cpu: { blas: "auto" } });
 * ```
 */
export function assign(recipe: Record<string, unknown>, assignment: string): void {
  const equals = assignment.indexOf("=");
  if (equals < 1) throw new UsageError(`--set ${assignment}: expected key=value.`);
  const keys = assignment.slice(0, equals).split("."), text = assignment.slice(equals + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: a plain string.
  }
  let target = recipe;
  for (const [depth, key] of keys.entries()) {
    if (!Object.hasOwn(target, key)) {
      throw new UsageError(
        `--set ${assignment}: the recipe has no "${keys.slice(0, depth + 1).join(".")}", expected one of ${
          Object.keys(target).join(", ")
        }.`,
      );
    }
    if (depth === keys.length - 1) target[key] = value;
    else {
      const next = target[key];
      if (next === null || typeof next !== "object") {
        throw new UsageError(`--set ${assignment}: "${keys.slice(0, depth + 1).join(".")}" has no keys.`);
      }
      target = next as Record<string, unknown>;
    }
  }
}
