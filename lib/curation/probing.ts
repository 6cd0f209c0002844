/**
 * Probing lists: which sources' representative sets make up the probing set of each capability.
 * @module
 */
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { readNamedJson } from "../core/named_file.ts";
import type { Domain, SourceSpec } from "../sources/spec.ts";

const FOLDER = new URL("../../data/curation/", import.meta.url);

/** Abilities that a probing set is for. */
export const CAPABILITIES = ["code", "math", "knowledge"] as const;
export type Capability = typeof CAPABILITIES[number];

const names = z.array(z.string().min(1)).min(1);

const listsFile = z.strictObject({
  /** Where the lists come from. */
  createdFrom: z.string(),
  capabilities: z.strictObject({ code: names, math: names, knowledge: names }),
});

/** Names of sources by capability; a source may be in several. */
export type ProbingLists = Readonly<Record<Capability, readonly string[]>>;

/**
 * Loads lists from data/curation ("mobilellm-r1": the paper's) or a path.
 *
 * @throws {UsageError} where there is no such file, or a list is missing or empty.
 *
 * @example
 * ```ts
 * import { capabilitiesOf, loadProbingLists } from "./probing.ts";
 * import assert from "node:assert/strict";
 * const lists = await loadProbingLists("mobilellm-r1");
 * assert.deepEqual(capabilitiesOf("OpenWebMath", lists), ["math"]);
 * assert.deepEqual(capabilitiesOf("Cosmopedia", lists), ["code", "math", "knowledge"]);
 * ```
 */
export async function loadProbingLists(nameOrPath: string): Promise<ProbingLists> {
  const { path, value } = await readNamedJson("Probing lists", nameOrPath, FOLDER);
  const parsed = listsFile.safeParse(value);
  if (parsed.success) return parsed.data.capabilities;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${path}: ${issue?.path.join(".") || "the file"}: ${issue?.message}.`);
}

/** The capabilities that a source is listed for. */
export function capabilitiesOf(source: string, lists: ProbingLists): Capability[] {
  return CAPABILITIES.filter((capability) => lists[capability].includes(source));
}

/** Lists by what the sources' own specifications say they are good for. */
export function listsByDomain(specs: readonly Pick<SourceSpec, "name" | "domain">[]): ProbingLists {
  const named = (domain: Domain) => specs.filter((spec) => spec.domain === domain).map(({ name }) => name);
  return { code: named("code"), math: named("math"), knowledge: named("knowledge") };
}
