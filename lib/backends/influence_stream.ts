/**
 * Influence over many batches at a time: a device gets the vectors once, and gives sums back once.
 * @module
 */
import type { TokenBatch } from "./backend.ts";
import type { InfluenceBackend, SequenceProducts } from "./influence.ts";

/** Batches, one after the other. */
export type Batches = Iterable<TokenBatch> | AsyncIterable<TokenBatch>;

/** A batch, and for each of several sums the coefficients of its gradients [sequences × groups]. */
export interface WeightedBatch {
  readonly batch: TokenBatch;
  readonly coefficients: readonly Float32Array[];
}

/** A backend that works through batches as a whole. A stream is a call: until it ends, no other may begin. */
export interface StreamingInfluence extends InfluenceBackend {
  /** `sequenceProducts` of each batch. */
  streamProducts(
    batches: Batches,
    vectors: readonly Float32Array[],
  ): AsyncGenerator<readonly Float64Array[], void, void>;
  /** `sequenceProductsAndNorms` of each batch. */
  streamProductsAndNorms(
    batches: Batches,
    vectors: readonly Float32Array[],
  ): AsyncGenerator<SequenceProducts, void, void>;
  /** `addWeightedGradients` over all batches; the sums [parameters] are complete when it ends, not before. */
  addAllWeightedGradients(
    batches: Iterable<WeightedBatch> | AsyncIterable<WeightedBatch>,
    sums: readonly Float32Array[],
  ): Promise<void>;
}

/** Any backend's work over many batches: its own way where it has one, else batch by batch. */
export function streaming(
  backend: InfluenceBackend,
): Pick<StreamingInfluence, "streamProducts" | "streamProductsAndNorms" | "addAllWeightedGradients"> {
  if (isStreaming(backend)) return backend;
  return {
    async *streamProducts(batches, vectors) {
      for await (const batch of batches) yield await backend.sequenceProducts(batch, vectors);
    },
    async *streamProductsAndNorms(batches, vectors) {
      for await (const batch of batches) yield await backend.sequenceProductsAndNorms(batch, vectors);
    },
    async addAllWeightedGradients(batches, sums) {
      for await (const { batch, coefficients } of batches) {
        await backend.addWeightedGradients(
          batch,
          // As many coefficients as sums.
          sums.map((sum, i) => ({ sum, coefficients: coefficients[i] as Float32Array })),
        );
      }
    },
  };
}

function isStreaming(backend: InfluenceBackend): backend is StreamingInfluence {
  return "addAllWeightedGradients" in backend;
}
