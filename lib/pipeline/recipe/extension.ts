/**
 * Recipes that say only how they differ from another: `"extends": "950m"`.
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import { UsageError } from "../../core/errors.ts";
import { readNamedJson } from "../../core/named_file.ts";

/** A recipe file's content, unchecked, with what it extends. */
export interface RecipeFile {
  readonly path: string;
  readonly value: Record<string, unknown>;
}

/** Folder of the recipes that come with the project. */
const RECIPES = new URL("../../../data/recipes/", import.meta.url);

/**
 * Reads a recipe by name (data/recipes/NAME.json) or path, on top of those that it extends: objects are merged key by key, anything else is
 * replaced. A relative path after `extends` starts at the folder of the file that has it.
 *
 * @throws {UsageError} for a missing file, one that is no JSON object, and recipes that extend each other in a circle.
 */
export async function readRecipeFile(nameOrPath: string): Promise<RecipeFile> {
  return await readExtended("recipe", nameOrPath, []);
}

async function readExtended(what: string, nameOrPath: string, below: readonly string[]): Promise<RecipeFile> {
  const { path, value } = await readNamedJson(what, nameOrPath, RECIPES);
  if (below.includes(path)) {
    throw new UsageError(`Recipes extend each other in a circle: ${[...below, path].join(", ")}.`);
  }
  if (!isObject(value)) throw new UsageError(`${path} is no JSON object.`);
  const { extends: base, ...own } = value;
  if (base === undefined) return { path, value: own };
  if (typeof base !== "string") {
    throw new UsageError(`${path}: extends is ${JSON.stringify(base)}, expected a recipe's name or a file.`);
  }
  const isPath = /[/\\.]/.test(base);
  const from = isPath && !isAbsolute(base) ? join(dirname(path), base) : base;
  const extended = await readExtended(`${path}: extended recipe`, from, [...below, path]);
  return { path, value: merge(extended.value, own) };
}

function merge(base: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(own)) {
    const under = merged[key];
    merged[key] = isObject(under) && isObject(value) ? merge(under, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
