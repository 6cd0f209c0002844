/**
 * Models with random weights that write tokens, without the rest of the workbench.
 * @module
 */
import { queryKeyValueWidth, type TransformerShape } from "../wasm/shape.ts";
import type { Device } from "../webgpu/device/device.ts";
import { piecesOf, type StoredMatrix } from "../webgpu/ops/decode/stored_matrix.ts";
import { bytesOf } from "../webgpu/ops/kernel.ts";
import { DecodeModel, type DecodeRoom } from "../webgpu/plan/decode.ts";
import { elementOf, storeWeights, type WeightSource } from "../webgpu/plan/decode_weights.ts";
import { numbers, words } from "./random.ts";

/** values: in the element type of the device's tier. 4-bit: with 8-bit activations, as the paper's on-device setting. */
export const FORMATS = ["values", "4-bit"] as const;

/** One of `FORMATS`. */
export type Format = typeof FORMATS[number];

/** Columns that share a scale. */
const GROUP = 32;

/** Random numbers that repeat through a buffer. */
const PATTERN = 2 ** 20;

/** A model whose matrices have a standard deviation of about 0.01; 4-bit ones with inputs rounded to 8 bits. */
export function randomModel(
  device: Device,
  shape: TransformerShape,
  format: Format,
  room: DecodeRoom,
  rounded = format === "4-bit",
): DecodeModel {
  const weights = storeWeights(device, shape, randomSource(device, shape, format), rounded);
  return new DecodeModel(device, shape, weights, room);
}

function randomSource(device: Device, shape: TransformerShape, format: Format): WeightSource {
  const { width, heads, headSize, feedForwardWidth, vocabularySize } = shape;
  const element = elementOf(device);
  const small = numbers(PATTERN, 1).map((value) => 0.02 * value);
  const values = element === "f32" ? small : new Float16Array(small);
  const scales = new Float16Array(small.map((value) => 0.002 + 0.05 * Math.abs(value)));
  const random = words(2);
  const packed = Uint32Array.from({ length: PATTERN }, random);
  const sizes = {
    embedding: [vocabularySize, width],
    head: [vocabularySize, width],
    queryKeyValue: [queryKeyValueWidth(shape), width],
    output: [width, heads * headSize],
    gateUp: [2 * feedForwardWidth, width],
    down: [width, feedForwardWidth],
  } as const;
  const filled = (name: string, bytes: number, pattern: ArrayBufferView) => {
    const buffer = device.buffer(name, bytes);
    for (let at = 0; at < bytes; at += pattern.byteLength) {
      const size = Math.min(pattern.byteLength, bytes - at);
      device.write(buffer, new Uint8Array(pattern.buffer, 0, size), at);
    }
    return buffer;
  };
  return {
    matrix(name): StoredMatrix {
      const [rows, columns] = sizes[name];
      const pieces = rows * piecesOf(columns);
      return format === "values"
        ? {
          rows,
          columns,
          format: element,
          weights: filled(name, 8 * pieces * bytesOf(element), values),
          scales: null,
          group: 0,
        }
        : {
          rows,
          columns,
          format,
          weights: filled(name, 4 * pieces, packed),
          scales: filled(`${name} scales`, 2 * rows * columns / GROUP, scales),
          group: GROUP,
        };
    },
    norm: (name) => new Float32Array(name === "headNorms" ? 2 * headSize : width).fill(1),
  };
}
