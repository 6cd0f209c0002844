/**
 * Weak labels for the prompts of Ask-LLM: answers that follow from where a document comes from and which words it has, without
 * anybody reading it. A judge trained on them learns to tell those apart, and no more.
 * @module
 */
import type { Domain } from "../sources/spec.ts";
import { CAPABILITIES } from "./probing.ts";
import type { Prompt } from "./prompt.ts";

/** Names of the prompts that rejection sampling asks, in its order. */
export const PROMPT_NAMES = ["reasoning", ...CAPABILITIES] as const;
export type PromptName = typeof PROMPT_NAMES[number];

/** The prompts of rejection sampling. */
export type Prompts = Readonly<Record<PromptName, Prompt>>;

/** What the labels rest on, for every score's provenance. */
export const LABELS_DESCRIPTION =
  "domain prompts 1 for sources of the domain, 0 for others; reasoning 1 for three words of inference in 1000, 0 for none or mail";

/** Words with which a text gives reasons, qualifies or works an example out; ordinary ones in prose, rare as names in code. */
const INFERENCE =
  /\b(?:because|therefore|thus|hence|since|impl(?:y|ies)|proof|prove|suppose|assume|otherwise|whereas|consequently|so that|if and only if|it follows|which means|in order to|for (?:example|instance)|unless|although|however|solution)\b/gi;

const WORD = /[\p{L}\p{N}_]+/gu;

/** Share of the words from which a text counts as one that reasons. */
const INFERENCE_SHARE = 0.003;

/** Beginning of a document that is searched for words of inference, in UTF-16 units; longer ones do not change their ways. */
const SEARCHED = 20_000;

/**
 * The answer to a prompt that a document's origin and words suggest; null: cannot be said.
 *
 * - *code, math, knowledge*: 1 for documents of sources of the domain, 0 for those of other domains. Blind to how good a document is.
 * - *reasoning*: 1 where at least three words in a thousand are such as "because", "hence", "suppose"; 0 where none is, or where the
 *   document is mail. Blind to whether the reasons hold, and to proofs and programs that go without those words.
 *
 * A source of domain "other" says nothing.
 *
 * @example
 * ```ts
 * import { labelOf } from "./judge_labels.ts";
 * import assert from "node:assert/strict";
 * assert.equal(labelOf("math", "1 + 1 = 2", "math"), 1);
 * assert.equal(labelOf("reasoning", "It rained, hence the street is wet.", "knowledge"), 1);
 * assert.equal(labelOf("reasoning", "It rained.", "knowledge"), 0);
 * ```
 */
export function labelOf(prompt: PromptName, text: string, domain: Domain): 0 | 1 | null {
  if (domain === "other") return null;
  if (prompt !== "reasoning") return domain === prompt ? 1 : 0;
  if (domain === "mail") return 0;
  const searched = text.slice(0, SEARCHED);
  const found = searched.match(INFERENCE)?.length ?? 0;
  if (found === 0) return 0;
  return found >= INFERENCE_SHARE * (searched.match(WORD)?.length ?? 0) ? 1 : null;
}
