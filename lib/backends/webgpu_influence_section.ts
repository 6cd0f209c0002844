/**
 * Some batches of a weighted sum that are added up on the device before the host takes the sum over.
 *
 * Coefficients reach from 1 (a probe's mean) to 1/λ², and multiply f16 inputs. So each sum and tensor has a power of two that
 * brings them near 1, which holds for a section: a batch whose coefficients are far larger than before begins another one. A section is
 * also what has to be computed again when an f16 gradient overflows.
 * @module
 */
import type { WeightedBatch } from "./influence_stream.ts";

/** Batches of a section: few enough to keep, and many enough that taking a sum over costs little beside them. */
const MOST_BATCHES = 256;

/** Largest scaled coefficient: inputs beyond 1000 stay within f16. */
const LARGEST = 64;

/** Batches of a section and how their coefficients are scaled. */
export class InfluenceSection {
  readonly batches: WeightedBatch[] = [];
  /** Of each sum and group, 0 until it has a coefficient that is not 0. */
  readonly #scales: readonly Float64Array[];

  constructor(sums: number, private readonly groups: number) {
    this.#scales = Array.from({ length: sums }, () => new Float64Array(groups));
  }

  /** Whether a batch can be added. */
  takes(weighted: WeightedBatch): boolean {
    if (this.batches.length >= MOST_BATCHES) return false;
    return this.#scales.every((scales, v) =>
      this.#largest(weighted, v).every((largest, group) => largest * (scales[group] as number) <= LARGEST)
    );
  }

  /** Adds a batch that it takes. */
  add(weighted: WeightedBatch): void {
    this.batches.push(weighted);
    this.#scales.forEach((scales, v) =>
      this.#largest(weighted, v).forEach((largest, group) => {
        if (scales[group] === 0 && largest > 0) scales[group] = 2 ** -Math.ceil(Math.log2(largest));
      })
    );
  }

  /** What the sum on the device has to be divided by. */
  scale(sum: number, group: number): number {
    return this.#scales[sum]?.[group] || 1;
  }

  /**
   * The coefficients as the device wants them: [sums × groups × stride], those of a sequence's mean loss times its length.
   *
   * @param stride Entries from one group to the next.
   */
  scaled({ batch: { sequences, length }, coefficients }: WeightedBatch, stride: number): Float32Array {
    const result = new Float32Array(coefficients.length * this.groups * stride);
    for (const [v, own] of coefficients.entries()) {
      for (let group = 0; group < this.groups; group++) {
        const scale = this.scale(v, group) / length;
        for (let sequence = 0; sequence < sequences; sequence++) {
          result[(v * this.groups + group) * stride + sequence] = scale *
            (own[sequence * this.groups + group] as number);
        }
      }
    }
    return result;
  }

  /** Magnitude of the largest coefficient of each group, over the length. */
  #largest({ batch: { length }, coefficients }: WeightedBatch, sum: number): Float64Array {
    const result = new Float64Array(this.groups);
    coefficients[sum]?.forEach((coefficient, i) => {
      const group = i % this.groups;
      result[group] = Math.max(result[group] as number, Math.abs(coefficient) / length);
    });
    return result;
  }
}
