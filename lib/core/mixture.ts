/**
 * A mixture: which share of the training tokens each source gives, and what that is valid for.
 * @module
 */
import { z } from "zod";
import { UsageError } from "./errors.ts";

/** How far the weights of a mixture file may be from 1 (or 100) before it counts as a mistake. */
const SUM_TOLERANCE = 0.01;

const mixtureFile = z.strictObject({
  name: z.string().min(1),
  /** How the weights came about: "published", "uniform", "influence" … */
  method: z.string().min(1),
  sources: z.array(z.strictObject({ name: z.string().min(1), weight: z.number().nonnegative() })).min(1),
  /** Tokenizer whose tokens the weights count; null: any. */
  tokenizer: z.string().nullable(),
  /** Model that the weights were fitted with; null: none. */
  proxy: z.string().nullable(),
  /** Training tokens that the weights are meant for; null: any. */
  tokenBudget: z.number().positive().nullable(),
  caps: z.strictObject({
    /** How often a source may be repeated; null: without limit. */
    maxEpochs: z.number().positive().nullable(),
  }),
  /** Where it comes from: a table of the paper, a run. */
  createdFrom: z.string(),
});

/** One source's share. */
export interface MixtureSource {
  readonly name: string;
  /** Share of the tokens, 0…1; the shares sum to 1. */
  readonly weight: number;
  /** The weight as the file prints it, before normalisation. */
  readonly printed: number;
}

/** A mixture with normalised weights. Weights fitted with one tokenizer or scale do not transfer silently: it says its own. */
export interface Mixture extends Omit<z.infer<typeof mixtureFile>, "sources"> {
  readonly sources: readonly MixtureSource[];
}

/**
 * Checks a mixture and normalises its weights, which may be shares (sum 1) or percentages (sum 100); published tables are
 * off by rounding (99.99, 100.01), so up to 1% is normalised away and the printed values kept.
 *
 * @param origin The file it came from, for messages.
 * @throws {UsageError} for a wrong field, a source named twice, or weights that sum to neither 1 nor 100 within 1%.
 *
 * @example
 * ```ts
 * import { parseMixture } from "./mixture.ts";
 * import assert from "node:assert/strict";
 * const mixture = parseMixture({
 *   name: "example", method: "published", sources: [{ name: "code", weight: 33.33 }, { name: "math", weight: 66.66 }],
 *   tokenizer: null, proxy: null, tokenBudget: null, caps: { maxEpochs: null }, createdFrom: "a table",
 * }, "example.json");
 * assert.equal(mixture.sources[1]?.printed, 66.66);
 * assert.ok(Math.abs(mixture.sources.reduce((sum, s) => sum + s.weight, 0) - 1) < 1e-12);
 * ```
 */
export function parseMixture(value: unknown, origin: string): Mixture {
  const parsed = mixtureFile.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${origin}: ${issue?.path.join(".") || "mixture"}: ${issue?.message}.`);
  }
  const { sources, ...rest } = parsed.data;
  const names = sources.map((source) => source.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`${origin}: source "${twice}" is named twice.`);
  const sum = sources.reduce((total, source) => total + source.weight, 0);
  const scale = [1, 100].find((whole) => Math.abs(sum / whole - 1) <= SUM_TOLERANCE + 1e-12);
  if (scale === undefined) {
    throw new UsageError(`${origin}: the weights sum to ${sum}, expected 1 or 100 within 1%.`);
  }
  return {
    ...rest,
    sources: sources.map(({ name, weight }) => ({ name, weight: weight / sum, printed: weight })),
  };
}

/** A mixture as its file has it: what `parseMixture` reads. */
export function mixtureFileOf(mixture: Mixture): z.infer<typeof mixtureFile> {
  return { ...mixture, sources: mixture.sources.map(({ name, printed }) => ({ name, weight: printed })) };
}

/** Every source with the same share. */
export function uniformMixture(names: readonly string[], tokenizer: string | null): Mixture {
  return {
    name: "uniform",
    method: "uniform",
    sources: names.map((name) => ({ name, weight: 1 / names.length, printed: 1 / names.length })),
    tokenizer,
    proxy: null,
    tokenBudget: null,
    caps: { maxEpochs: null },
    createdFrom: "equal shares",
  };
}

/** Every source in proportion to its tokens. */
export function proportionalMixture(
  sources: readonly { readonly name: string; readonly tokens: number }[],
  tokenizer: string | null,
): Mixture {
  const total = sources.reduce((sum, { tokens }) => sum + tokens, 0);
  return {
    ...uniformMixture(sources.map(({ name }) => name), tokenizer),
    name: "tokens",
    method: "tokens",
    sources: sources.map(({ name, tokens }) => ({ name, weight: tokens / total, printed: tokens / total })),
    createdFrom: "tokens of the sources",
  };
}
