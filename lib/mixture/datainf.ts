/**
 * The influence of candidates on probes at one checkpoint, by DataInf (Kwon et al., ICLR 2024; the paper's Eq 2).
 *
 * **The sign.** Here a score is +vᵀH⁻¹g: positive means that learning from the candidate lowers the probe's loss. Eq 2, like
 * Koh and Liang and DataInf's own code, has a minus, under which helpful candidates are negative; yet Eq 7 keeps what is
 * above 0, and Eq 6 needs positive weights. The plus is what those two mean.
 *
 * With gᵢ the gradient of candidate i's mean loss, v the mean gradient of a probe, and per group (parameter tensor) d
 * parameters and the damping λ = 0.1 · mean‖gᵢ‖² / d, DataInf puts the mean of inverses in the place of the inverse of a mean:
 *
 *     H⁻¹v = (1/n) Σᵢ (λI + gᵢgᵢᵀ)⁻¹v = (1/n) Σᵢ [v − gᵢ·(vᵀgᵢ)/(λ + ‖gᵢ‖²)] / λ = v/λ + Σᵢ cᵢgᵢ
 *
 * Four passes: 1. v. 2. vᵀgᵢ and ‖gᵢ‖², hence λ and cᵢ. 3. Σᵢ cᵢgᵢ. 4. (H⁻¹v)ᵀg for every candidate. Probes share passes 2 to 4.
 * No gradient of a candidate is stored, and v becomes H⁻¹v in its place: beside the backend there are one vector a probe, and
 * a few numbers for each candidate and group.
 * @module
 */
import type { TokenBatch } from "../backends/backend.ts";
import type { InfluenceBackend } from "../backends/influence.ts";
import { streaming, type WeightedBatch } from "../backends/influence_stream.ts";
import { RunError, UsageError } from "../core/errors.ts";

/** λ as a share of the mean squared gradient per parameter: DataInf's and AutoMixer's choice. */
const DAMPING = 0.1;

/** Batches that can be read several times and are the same each time: an array, or an object that begins anew. */
export type Sequences = Iterable<TokenBatch> | AsyncIterable<TokenBatch>;

/** Text of one capability. */
export interface InfluenceProbe {
  readonly name: string;
  readonly batches: Sequences;
}

/** Scores of every candidate for one probe, in the order of the candidates. */
export interface ProbeInfluence {
  readonly probe: string;
  /** vᵀH⁻¹g, positive where the candidate helps [candidates]. */
  readonly influence: Float64Array;
  /** vᵀg: TracIn's plain product of gradients, the baseline, which the second pass gives for nothing [candidates]. */
  readonly gradientProduct: Float64Array;
}

/** H⁻¹v of every probe, and what the second pass found on the way. */
export interface InverseHessianProducts {
  /** H⁻¹v [parameters] of each probe; 0 outside the groups. */
  readonly vectors: readonly Float32Array[];
  /** λ of each group; 0 where no candidate has a gradient. */
  readonly damping: Float64Array;
  /** vᵀgᵢ of each probe [candidates × groups]. */
  readonly products: readonly Float64Array[];
}

/**
 * Influence of every candidate (sequence of the batches) on every probe, at the weights that the backend has loaded.
 *
 * @param backend Decides which parameter tensors take part.
 * @param candidates Read three times. A document longer than a sequence is represented by the part that was put there.
 * @throws {UsageError} where a probe or the candidates are empty, or change between passes.
 * @throws {RunError} where a gradient is not finite, naming the candidate or probe and the tensor.
 */
export async function dataInf(
  backend: InfluenceBackend,
  probes: readonly InfluenceProbe[],
  candidates: Sequences,
): Promise<ProbeInfluence[]> {
  const gradients: Float32Array[] = [];
  for (const probe of probes) gradients.push(await meanGradient(backend, probe));
  const { vectors, products } = await inverseHessianProducts(backend, gradients, candidates);
  const scores = vectors.map((): number[] => []);
  for await (const found of candidateScores(backend, vectors, candidates)) {
    found.forEach((values, probe) => scores[probe]?.push(...values));
  }
  return probes.map(({ name }, i) => {
    // One entry of each for every probe.
    const influence = Float64Array.from(scores[i] as number[]);
    const gradientProduct = groupSums(products[i] as Float64Array, backend.groups.length);
    checkCount(influence.length, gradientProduct.length);
    return { probe: name, influence, gradientProduct };
  });
}

/**
 * The mean of a probe's gradients [parameters], each sequence counting alike; 0 outside the groups.
 *
 * @throws {UsageError} where the probe is empty.
 * @throws {RunError} where the gradient is not finite.
 */
export async function meanGradient(
  backend: InfluenceBackend,
  { name, batches }: InfluenceProbe,
): Promise<Float32Array> {
  const sum = new Float32Array(backend.parameters);
  let count = 0;
  const weighted = async function* (): AsyncGenerator<WeightedBatch> {
    for await (const batch of batches) {
      count += batch.sequences;
      yield {
        batch,
        coefficients: [new Float32Array(batch.sequences * backend.groups.length).fill(1)],
      };
    }
  };
  await streaming(backend).addAllWeightedGradients(weighted(), [sum]);
  if (count === 0) {
    throw new UsageError(`Influence: probe "${name}" has no sequences, expected at least one.`);
  }
  for (const group of backend.groups) {
    if (!sum.subarray(group.offset, group.offset + group.size).every(Number.isFinite)) {
      throw new RunError(`Influence: the gradient of probe "${name}" is not finite in ${group.name}.`);
    }
  }
  return sum.map((value) => value / count);
}

/**
 * H⁻¹v for every probe's v, which it replaces.
 *
 * @param gradients v of each probe [parameters]; they become H⁻¹v.
 * @param candidates Read twice.
 * @throws {UsageError} where there are no candidates, or others the second time.
 * @throws {RunError} where a gradient is not finite.
 */
export async function inverseHessianProducts(
  backend: InfluenceBackend,
  gradients: readonly Float32Array[],
  candidates: Sequences,
): Promise<InverseHessianProducts> {
  const { groups } = backend;
  const products = gradients.map((): number[] => []);
  const norms: number[] = [];
  for await (const found of streaming(backend).streamProductsAndNorms(candidates, gradients)) {
    const first = norms.length / groups.length;
    checkFinite(backend, found.squaredNorms, first);
    found.products.forEach((values, probe) => {
      checkFinite(backend, values, first);
      for (const value of values) products[probe]?.push(value);
    });
    for (const norm of found.squaredNorms) norms.push(norm);
  }
  const count = norms.length / groups.length;
  if (count === 0) {
    throw new UsageError("Influence: there are no candidates, expected at least one sequence.");
  }

  const damping = Float64Array.from(groups, ({ size }, group) => {
    let sum = 0;
    for (let i = group; i < norms.length; i += groups.length) sum += norms[i] as number;
    return DAMPING * sum / count / size;
  });
  for (const vector of gradients) {
    groups.forEach(({ offset, size }, group) => {
      const lambda = damping[group] as number;
      // Without any gradient in a group nothing has influence through it, whatever its H⁻¹v.
      for (let i = offset; i < offset + size; i++) {
        vector[i] = lambda === 0 ? 0 : (vector[i] as number) / lambda;
      }
    });
  }

  let first = 0;
  const weighted = async function* (): AsyncGenerator<WeightedBatch> {
    for await (const batch of candidates) {
      const [from, to] = [first * groups.length, (first + batch.sequences) * groups.length];
      first += batch.sequences;
      checkCount(Math.max(first, count), count);
      const coefficients = gradients.map((_, probe) =>
        Float32Array.from({ length: to - from }, (_, i) => {
          const lambda = damping[i % groups.length] as number;
          const product = products[probe]?.[from + i] as number;
          return lambda === 0 ? 0 : -product / (lambda + (norms[from + i] as number)) / lambda / count;
        })
      );
      yield { batch, coefficients };
    }
  };
  await streaming(backend).addAllWeightedGradients(weighted(), gradients);
  checkCount(first, count);
  return { vectors: gradients, damping, products: products.map((values) => Float64Array.from(values)) };
}

/**
 * The last pass, batch by batch: (H⁻¹v)ᵀg of the batch's candidates for each probe [sequences]. A batch's scores depend on nothing
 * but it and the vectors, so that a pass may be taken up anywhere.
 *
 * @param vectors H⁻¹v of each probe [parameters].
 * @param first Number of the first candidate, for errors.
 * @throws {RunError} where a gradient is not finite.
 */
export async function* candidateScores(
  backend: InfluenceBackend,
  vectors: readonly Float32Array[],
  candidates: Sequences,
  first = 0,
): AsyncGenerator<Float64Array[]> {
  for await (const found of streaming(backend).streamProducts(candidates, vectors)) {
    const scores = found.map((values) => {
      checkFinite(backend, values, first);
      return groupSums(values, backend.groups.length);
    });
    first += scores[0]?.length ?? 0;
    yield scores;
  }
}

/** Sums over the groups of each sequence: [sequences × groups] → [sequences]. */
function groupSums(values: Float64Array, groups: number): Float64Array {
  return Float64Array.from({ length: values.length / groups }, (_, sequence) => {
    let sum = 0;
    for (let i = 0; i < groups; i++) sum += values[sequence * groups + i] as number;
    return sum;
  });
}

function checkCount(actual: number, expected: number) {
  if (actual !== expected) {
    throw new UsageError(
      `Influence: the candidates were ${expected} sequences at first and ${actual} when read again, expected the same each time.`,
    );
  }
}

function checkFinite(backend: InfluenceBackend, values: Float64Array, firstCandidate: number) {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const { length } = backend.groups;
  const candidate = firstCandidate + Math.floor(at / length);
  throw new RunError(
    `Influence: the gradient of candidate ${candidate} is not finite in ${
      backend.groups[at % length]?.name
    }.`,
  );
}
