/**
 * What an unfinished stage was begun with, and how that differs from what is asked for now.
 * @module
 */
import { canonicalJson } from "../core/artefacts.ts";

/** What a stage depends on. */
export interface StageBasis {
  /** Settings, as JSON. */
  readonly recipe: unknown;
  /** Digests by name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Hash of its modules. */
  readonly code: string;
}

/** Longest value that a sentence quotes. */
const MAX_QUOTED = 40;

/**
 * The differences, each in a few words; empty where there are none.
 *
 * @example
 * ```ts
 * import { changesOf } from "./stage_changes.ts";
 * import assert from "node:assert/strict";
 * const before = { recipe: { seed: 1, steps: 9 }, inputs: { shards: "a" }, code: "c" };
 * const now = { recipe: { seed: 2, steps: 9 }, inputs: { shards: "b" }, code: "c" };
 * assert.deepEqual(changesOf(before, now), ["seed 1 (now 2)", "other shards"]);
 * ```
 */
export function changesOf(before: StageBasis, now: StageBasis): string[] {
  return [
    ...keysThatDiffer(before.recipe, now.recipe).map(([key, old, value]) => settingChange(key, old, value)),
    ...keysThatDiffer(before.inputs, now.inputs).map(([name]) => `other ${name}`),
    ...(before.code === now.code ? [] : ["other code"]),
  ];
}

function settingChange(key: string, before: unknown, now: unknown): string {
  const [old, value] = [quoted(before), quoted(now)];
  return old === undefined || value === undefined ? `another ${key}` : `${key} ${old} (now ${value})`;
}

/** A value's JSON where it is short. */
function quoted(value: unknown): string | undefined {
  const text = value === undefined ? "none" : canonicalJson(value);
  return text.length <= MAX_QUOTED ? text : undefined;
}

/** Keys of two objects whose values differ, sorted. */
function keysThatDiffer(before: unknown, now: unknown): [key: string, before: unknown, now: unknown][] {
  const [a, b] = [entriesOf(before), entriesOf(now)];
  return [...new Set([...a.keys(), ...b.keys()])].sort()
    .filter((key) => canonicalJson(a.get(key) ?? null) !== canonicalJson(b.get(key) ?? null))
    .map((key) => [key, a.get(key), b.get(key)]);
}

function entriesOf(value: unknown): Map<string, unknown> {
  return value !== null && typeof value === "object"
    ? new Map(Object.entries(value))
    : new Map([["recipe", value]]);
}
