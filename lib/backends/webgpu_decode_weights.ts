/**
 * A decoder's weights on a GPU.
 * @module
 */
import type { Device } from "../../kernels/webgpu/device/device.ts";
import { storePacked } from "../../kernels/webgpu/ops/decode/stored_matrix.ts";
import {
  type DecodeWeights,
  flatSource,
  storeWeights,
  type WeightSource,
} from "../../kernels/webgpu/plan/decode_weights.ts";
import { UsageError } from "../core/errors.ts";
import type { QuantisedMatrix, QuantisedModel } from "../model/quantisation.ts";
import type { DecoderWeights } from "./decode.ts";

/**
 * Puts weights on a device.
 *
 * @throws {UsageError} for packed weights whose groups are no multiples of 8, or differ among q, k and v or gate and up.
 */
export function decodeWeights(device: Device, weights: DecoderWeights): DecodeWeights {
  return "weights" in weights
    ? storeWeights(device, weights.config, flatSource(device, weights.config, weights.weights), false)
    : storeWeights(device, weights.config, packedSource(device, weights), weights.activationBits === 8);
}

/** Names of the matrices that the kernels read as one. */
const PARTS = {
  embedding: ["model.embed_tokens.weight"],
  head: ["lm_head.weight"],
  queryKeyValue: ["self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"],
  output: ["self_attn.o_proj.weight"],
  gateUp: ["feed_forward.gate_proj.weight", "feed_forward.up_proj.weight"],
  down: ["feed_forward.down_proj.weight"],
  attentionNorm: ["input_layernorm.weight"],
  headNorms: ["self_attn.q_norm.weight", "self_attn.k_norm.weight"],
  feedForwardNorm: ["post_attention_layernorm.weight"],
  finalNorm: ["model.norm.weight"],
} as const;

function packedSource(device: Device, { matrices, norms }: QuantisedModel): WeightSource {
  const names = (part: keyof typeof PARTS, layer: number) =>
    PARTS[part].map((name) => layer < 0 ? name : `model.layers.${layer}.${name}`);
  return {
    matrix(part, layer) {
      const own = names(part, layer).map((name) => parameter(matrices, name));
      checkGroups(own);
      const columns = own[0]?.columns ?? 0;
      return storePacked(device, part, own, columns);
    },
    norm(part, layer) {
      const own = names(part, layer).map((name) => parameter(norms, name));
      return Float32Array.from(own.flatMap((values) => [...values]));
    },
  };
}

function parameter<Value>(parameters: ReadonlyMap<string, Value>, name: string): Value {
  const value = parameters.get(name);
  if (value === undefined) throw new UsageError(`The packed model has no parameter "${name}".`);
  return value;
}

function checkGroups(matrices: readonly QuantisedMatrix[]): void {
  const group = matrices[0]?.group;
  for (const matrix of matrices) {
    if (matrix.group === group && matrix.group % 8 === 0) continue;
    throw new UsageError(
      `${matrix.name} has groups of ${matrix.group} columns, expected a multiple of 8, and ${group} as in ${
        matrices[0]?.name
      }.`,
    );
  }
}
