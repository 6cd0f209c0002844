/**
 * A model's weights on their way into the WebAssembly decoder's memory.
 * @module
 */
import type { DecodeRuntime } from "../../kernels/wasm/decode_runtime.ts";
import type { DecodeMatrix, Groups } from "../../kernels/wasm/memory/decode.ts";
import { UsageError } from "../core/errors.ts";
import { type ModelConfig, parameterLayout } from "../model/config.ts";
import { dequantise } from "../model/quantise.ts";
import type { QuantisedMatrix, QuantisedModel } from "../model/quantisation.ts";
import type { DecoderWeights } from "./decode.ts";

/** Parameters that are one matrix to the kernels, one above the other. */
const FUSED = {
  queryKeyValue: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  output: ["self_attn.o_proj"],
  gateUp: ["feed_forward.gate_proj", "feed_forward.up_proj"],
  down: ["feed_forward.down_proj"],
} as const;
const FUSED_NAMES = Object.keys(FUSED) as (keyof typeof FUSED)[];

const EMBEDDING = "model.embed_tokens.weight";
const HEAD = "lm_head.weight";

function names(layer: number, matrix: keyof typeof FUSED): string[] {
  return FUSED[matrix].map((name) => `model.layers.${layer}.${name}.weight`);
}

/** "float32 weights", "4-bit weights, 8-bit activations". */
export function weightsName(weights: DecoderWeights): string {
  if (!("matrices" in weights)) return "float32 weights";
  return weights.activationBits === 8 ? "4-bit weights, 8-bit activations" : "4-bit weights, unpacked";
}

/**
 * Whole-number kernels need 8-bit activations; without them 4-bit weights are unpacked to float32.
 *
 * @returns The groups of 4-bit weights, null for float32.
 * @throws {UsageError} for a group that is no multiple of 32, or one that differs between layers or parts of one matrix.
 */
export function decodeGroups(weights: DecoderWeights): Groups | null {
  if (!("matrices" in weights) || weights.activationBits === 0) return null;
  const groupOf = (parameters: readonly string[]): number => {
    const [first, ...others] = parameters.map((name) => matrixOf(weights, name));
    const group = first?.group ?? 32;
    if (group % 32 !== 0) {
      throw new UsageError(
        `${first?.name}: a group has ${group} columns, expected a multiple of 32 for wasm.`,
      );
    }
    const other = others.find((matrix) => matrix.group !== group);
    if (other !== undefined) {
      throw new UsageError(
        `${other.name}: a group has ${other.group} columns, expected ${group} as in ${first?.name}.`,
      );
    }
    return group;
  };
  const layers = Array.from({ length: weights.config.layers }, (_, layer) => layer);
  const ofLayers = (matrix: keyof typeof FUSED) => groupOf(layers.flatMap((layer) => names(layer, matrix)));
  const embedding = groupOf([EMBEDDING]);
  return {
    embedding,
    head: weights.config.tiedEmbeddings ? embedding : groupOf([HEAD]),
    queryKeyValue: ofLayers("queryKeyValue"),
    output: ofLayers("output"),
    gateUp: ofLayers("gateUp"),
    down: ofLayers("down"),
  };
}

/** Copies all weights. */
export function loadWeights(runtime: DecodeRuntime, weights: DecoderWeights): void {
  const { places } = runtime;
  const source = "matrices" in weights ? packedSource(runtime, weights) : floatSource(runtime, weights);
  source.matrix(places.embedding, [EMBEDDING]);
  if (places.head !== places.embedding) source.matrix(places.head, [HEAD]);
  const vector = (at: number, name: string) => {
    const values = source.vector(name);
    runtime.floats(at, values.length).set(values);
  };
  for (const [i, layer] of places.layers.entries()) {
    for (const matrix of FUSED_NAMES) source.matrix(layer[matrix], names(i, matrix));
    vector(layer.attentionNorm, `model.layers.${i}.input_layernorm.weight`);
    vector(layer.feedForwardNorm, `model.layers.${i}.post_attention_layernorm.weight`);
    if (layer.headNorms === undefined) continue;
    vector(layer.headNorms.query, `model.layers.${i}.self_attn.q_norm.weight`);
    vector(layer.headNorms.key, `model.layers.${i}.self_attn.k_norm.weight`);
  }
  vector(places.finalNorm, "model.norm.weight");
}

/** Where parameters come from. */
interface Source {
  matrix(place: DecodeMatrix, parameters: readonly string[]): void;
  vector(name: string): Float32Array;
}

/** Flat float32 weights, in which the parts of a fused matrix are neighbours. */
function floatSource(
  runtime: DecodeRuntime,
  { config, weights }: { readonly config: ModelConfig; readonly weights: Float32Array },
): Source {
  const specs = new Map(parameterLayout(config).map((spec) => [spec.name, spec]));
  const values = (name: string) => {
    const { offset, size } = specs.get(name) ?? missing(name);
    return weights.subarray(offset, offset + size);
  };
  return {
    matrix: (place, parameters) => {
      const [first = ""] = parameters;
      const { offset } = specs.get(first) ?? missing(first);
      runtime.loadFloats(place, weights.subarray(offset, offset + place.outputs * place.inputs));
    },
    vector: values,
  };
}

function packedSource(runtime: DecodeRuntime, model: QuantisedModel): Source {
  return {
    matrix: (place, parameters) => {
      const parts = parameters.map((name) => matrixOf(model, name));
      if (place.kind === "4-bit") return runtime.loadPacked(place, parts);
      const joined = new Float32Array(place.outputs * place.inputs);
      let end = 0;
      for (const part of parts) {
        joined.set(dequantise(part), end);
        end += part.rows * part.columns;
      }
      runtime.loadFloats(place, joined);
    },
    vector: (name) => model.norms.get(name) ?? missing(name),
  };
}

function matrixOf({ matrices }: QuantisedModel, name: string): QuantisedMatrix {
  return matrices.get(name) ?? missing(name);
}

function missing(name: string): never {
  throw new UsageError(`The weights have no parameter ${JSON.stringify(name)}.`);
}
