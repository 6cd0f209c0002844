/** Influence on gradients that are stored: toy models' backend, and the formulas written down naively in 64 bits. */
import type { TokenBatch } from "../../lib/backends/backend.ts";
import type { InfluenceBackend, SequenceProducts, WeightedSum } from "../../lib/backends/influence.ts";

export type Groups = InfluenceBackend["groups"];

/** Gradients by sample, each [parameters]. */
export type Gradients = readonly ArrayLike<number>[];

export function at(values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`Index ${index} of ${values.length}.`);
  return value;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>, from = 0, size = a.length): number {
  let sum = 0;
  for (let i = from; i < from + size; i++) sum += at(a, i) * at(b, i);
  return sum;
}

/** Samples by their numbers, each a "sequence" of one token that names it. */
export function samples(numbers: readonly number[]): TokenBatch {
  const tokens = Uint32Array.from(numbers);
  return { sequences: numbers.length, length: 1, tokens, targets: tokens };
}

/** Answers from a list of gradients. */
export class StoredGradients implements InfluenceBackend {
  readonly parameters: number;

  constructor(readonly gradients: Gradients, readonly groups: Groups) {
    this.parameters = groups.reduce((sum, { size }) => sum + size, 0);
  }

  load(_weights: Float32Array): Promise<void> {
    return Promise.resolve();
  }

  async sequenceProducts(batch: TokenBatch, vectors: readonly Float32Array[]): Promise<Float64Array[]> {
    return [...(await this.sequenceProductsAndNorms(batch, vectors)).products];
  }

  sequenceProductsAndNorms(batch: TokenBatch, vectors: readonly Float32Array[]): Promise<SequenceProducts> {
    const own = [...batch.tokens].map((sample) => this.gradient(sample));
    const products = (of: (gradient: ArrayLike<number>) => ArrayLike<number>) =>
      Float64Array.from(
        own.flatMap((gradient) =>
          this.groups.map(({ offset, size }) => dot(gradient, of(gradient), offset, size))
        ),
      );
    return Promise.resolve({
      products: vectors.map((vector) => products(() => vector)),
      squaredNorms: products((gradient) => gradient),
    });
  }

  addWeightedGradients({ tokens }: TokenBatch, sums: readonly WeightedSum[]): Promise<void> {
    for (const { coefficients, sum } of sums) {
      tokens.forEach((sample, sequence) =>
        this.groups.forEach(({ offset, size }, group) => {
          const coefficient = at(coefficients, sequence * this.groups.length + group);
          for (let i = offset; i < offset + size; i++) {
            sum[i] = at(sum, i) + coefficient * at(this.gradient(sample), i);
          }
        })
      );
    }
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  protected gradient(sample: number): ArrayLike<number> {
    const gradient = this.gradients[sample];
    if (gradient === undefined) throw new RangeError(`Sample ${sample} of ${this.gradients.length}.`);
    return gradient;
  }
}

/** DataInf's H⁻¹v of one group, as its definition reads: the mean over samples of (λI + ggᵀ)⁻¹v. */
export function naiveInverseHessianProduct(
  gradients: Gradients,
  v: ArrayLike<number>,
  { offset, size }: Groups[number],
): Float64Array {
  const squares = gradients.map((gradient) => dot(gradient, gradient, offset, size));
  const lambda = 0.1 * squares.reduce((a, b) => a + b, 0) / gradients.length / size;
  const result = new Float64Array(size);
  gradients.forEach((gradient, k) => {
    const share = dot(v, gradient, offset, size) / (lambda + at(squares, k));
    result.forEach((sum, i) =>
      result[i] = sum + (at(v, offset + i) - share * at(gradient, offset + i)) / lambda / gradients.length
    );
  });
  return result;
}

/** Spearman's rank correlation of values without ties. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ranks = (values: ArrayLike<number>) => {
    const order = Array.from(values, (_, i) => i).sort((i, j) => at(values, i) - at(values, j));
    const result: number[] = [];
    order.forEach((index, rank) => result[index] = rank);
    return result;
  };
  const [x, y] = [ranks(a), ranks(b)];
  const n = x.length;
  const squares = x.reduce((sum, rank, i) => sum + (rank - at(y, i)) ** 2, 0);
  return 1 - 6 * squares / (n * (n * n - 1));
}
