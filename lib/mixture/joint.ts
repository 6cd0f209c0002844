/**
 * Joint influence: one score for each candidate from all capabilities and checkpoints (the paper's Eq 5).
 *
 * I_joint(x) = Σ_c Σ_t α_{c,t} · I(x; θ_{c,t}) / r_{c,t}, with α_{c,t} = t / Σ t / (number of capabilities): later checkpoints
 * count more, capabilities count alike.
 *
 * The paper says nothing of the scores' scale, which differs by orders of magnitude between capabilities and checkpoints (H⁻¹
 * grows as gradients shrink), so that one of them would decide everything. r_{c,t} is the root mean square over the
 * candidates. Scores are never centred: the sign means "helps" (Eq 7).
 * @module
 */
import { RunError, UsageError } from "../core/errors.ts";

/** Influence on one capability's probe at its model's checkpoints. */
export interface CapabilityInfluence {
  readonly capability: string;
  /** Sources whose representative sets are in the probing set: influence of these is "self", of others "cross" (Eqs 3, 4). */
  readonly sources: readonly string[];
  /** Scores [candidates] at checkpoints t = 1 … T, positive where a candidate helps. */
  readonly checkpoints: readonly ArrayLike<number>[];
}

/** Joint scores, in the order of the candidates; `joint` = `self` + `cross`. */
export interface JointInfluence {
  readonly joint: Float64Array;
  /** From the capabilities that a candidate's own source probes. */
  readonly self: Float64Array;
  /** From the others. */
  readonly cross: Float64Array;
  /** r of each capability and checkpoint: what its scores were divided by; 0 where all of them are 0. */
  readonly scales: readonly { readonly capability: string; readonly checkpoints: readonly number[] }[];
}

/**
 * Joint influence of candidates.
 *
 * @param sources Source of each candidate.
 * @throws {UsageError} where there is no capability or checkpoint, or a number of scores differs from that of the candidates.
 * @throws {RunError} where a score is not finite, naming it.
 *
 * @example
 * ```ts
 * import { jointInfluence } from "./joint.ts";
 * import assert from "node:assert/strict";
 * const { joint, self, cross } = jointInfluence(["code", "web"], [
 *   { capability: "code", sources: ["code"], checkpoints: [[3, 3], [3, -3]] },
 * ]);
 * assert.deepEqual([...joint].map((x) => Math.round(3 * x)), [3, -1]);
 * assert.deepEqual([self[1], cross[0]], [0, 0]);
 * ```
 */
export function jointInfluence(
  sources: readonly string[],
  capabilities: readonly CapabilityInfluence[],
): JointInfluence {
  if (capabilities.length === 0) {
    throw new UsageError("Joint influence: there are no capabilities, expected at least one.");
  }
  const [self, cross] = [new Float64Array(sources.length), new Float64Array(sources.length)];
  const scales = capabilities.map(({ capability, sources: own, checkpoints }) => {
    const last = checkpoints.length;
    if (last === 0) {
      throw new UsageError(`Joint influence: "${capability}" has no checkpoints, expected at least one.`);
    }
    const isSelf = sources.map((source) => own.includes(source));
    return {
      capability,
      checkpoints: checkpoints.map((scores, i) => {
        const t = i + 1;
        checkScores(scores, sources.length, `"${capability}", checkpoint ${t}`);
        const scale = rootMeanSquare(scores);
        const alpha = 2 * t / (last * (last + 1)) / capabilities.length;
        if (scale > 0) {
          isSelf.forEach((isOwn, x) => {
            const part = isOwn ? self : cross;
            part[x] = (part[x] as number) + alpha * (scores[x] as number) / scale;
          });
        }
        return scale;
      }),
    };
  });
  return { joint: self.map((value, x) => value + (cross[x] as number)), self, cross, scales };
}

function checkScores(scores: ArrayLike<number>, expected: number, name: string) {
  if (scores.length !== expected) {
    throw new UsageError(
      `Joint influence: ${name} has ${scores.length} scores, expected one for each of ${expected} candidates.`,
    );
  }
  for (let x = 0; x < expected; x++) {
    if (!Number.isFinite(scores[x])) {
      throw new RunError(`Joint influence: ${name}: the score of candidate ${x} is ${scores[x]}.`);
    }
  }
}

/** Of values of any size: the largest is factored out, so that no square overflows or vanishes. */
function rootMeanSquare(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) / largest) ** 2;
  return largest * Math.sqrt(sum / values.length);
}
