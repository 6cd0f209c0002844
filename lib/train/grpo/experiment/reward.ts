/**
 * The reward of the experiment on word problems, which needs no algebra system.
 * @module
 */
import { equalFractions, fractionOf } from "../../../benchmarks/mathematics/numbers.ts";

/** Rewards 1 for the right number after "####" (lm-eval's strict match of GSM8K), 0 for anything else. */
export function rewardNumber(text: string, gold: string): number {
  const marked = /.*####\s*(\S+)/s.exec(text)?.[1];
  const found = fractionOf(marked ?? ""), right = fractionOf(gold);
  return found !== undefined && right !== undefined && equalFractions(found, right) ? 1 : 0;
}
