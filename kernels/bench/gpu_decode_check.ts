/**
 * Generation on a device against training's forward pass on the same device: logits however a text was read or written.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import { bytesOf } from "../webgpu/ops/kernel.ts";
import { DecodeModel } from "../webgpu/plan/decode.ts";
import { readTokens, writeTokens } from "../webgpu/plan/decode_run.ts";
import { flatSource, storeWeights } from "../webgpu/plan/decode_weights.ts";
import { TransformerModel } from "../webgpu/plan/transformer.ts";
import { randomModel } from "./gpu_decode_model.ts";
import { relativeError } from "./float64.ts";
import { family, initialWeights, randomTokens } from "./step_run.ts";

/** Heads of 64 entries, as the tensor kernels take them; sizes that are no multiple of a tile. */
const SHAPE = family(2, 4, 2, 128, 288, 331);

/** Tokens that are read, and then written one by one. */
const READ = 300, WRITTEN = 20;

/** Relative errors of logits by what made them. */
export async function checkDecoding(device: Device): Promise<Record<string, number>> {
  const trained = await TransformerModel.create(device, SHAPE);
  const flat = initialWeights(trained).map((value) => value === 1 ? 1 : 8 * value);
  trained.parameters.write("weights", flat);
  trained.cast?.submit();
  const weights = storeWeights(device, SHAPE, flatSource(device, SHAPE, flat), false);
  const room = { slots: 3, capacity: READ + WRITTEN };
  const model = new DecodeModel(device, SHAPE, weights, room);
  const text = randomTokens(READ, SHAPE.vocabularySize, 3);
  const errors: Record<string, number> = {};
  await readTokens(model, rowsOf(0, text, 0));
  errors["read at once"] = relativeError(await logitsOf(model, 0), await forward(trained, text));
  await readInPieces(model, 1, text, 5);
  errors["read in fives"] = relativeError(await logitsOf(model, 1), await forward(trained, text));
  const greedy = { temperature: 0, topK: Infinity, topP: 1, uniforms: new Float32Array() };
  const written = await writeTokens(model, [{ slot: 0, length: READ, ...greedy }], WRITTEN);
  const whole = Uint32Array.from([...text, ...written]);
  errors["written"] = relativeError(await logitsOf(model, 0), await forward(trained, whole));
  errors["4-bit, many rows against few"] = await packedError(device, text);
  return errors;
}

/** 4-bit weights unpacked for many rows, against packed ones read by a few; rounded inputs would jump between the two. */
async function packedError(device: Device, text: Uint32Array): Promise<number> {
  const model = randomModel(device, SHAPE, "4-bit", { slots: 2, capacity: READ }, false);
  await readTokens(model, rowsOf(0, text, 0));
  await readInPieces(model, 1, text, 5);
  return relativeError(await logitsOf(model, 0), await logitsOf(model, 1));
}

function rowsOf(slot: number, tokens: Uint32Array, start: number) {
  return Array.from(tokens, (token, i) => ({
    token,
    slot,
    position: start + i,
    ends: i === tokens.length - 1,
  }));
}

async function readInPieces(model: DecodeModel, slot: number, tokens: Uint32Array, size: number) {
  for (let start = 0; start < tokens.length; start += size) {
    await readTokens(model, rowsOf(slot, tokens.subarray(start, start + size), start));
  }
}

async function logitsOf({ device, logits, shape }: DecodeModel, slot: number): Promise<Float32Array> {
  const bytes = 4 * shape.vocabularySize;
  return new Float32Array(await device.read(logits, slot * bytes, bytes));
}

/** Logits after the last token, by training's forward pass. */
async function forward(model: TransformerModel, tokens: Uint32Array): Promise<Float32Array> {
  const { device, shape } = model;
  const plan = await model.plan({
    sequences: 1,
    length: tokens.length,
    training: false,
    teacher: null,
    recompute: false,
  });
  device.write(plan.activations.tokens, tokens);
  device.write(plan.activations.starts, new Uint32Array(tokens.length));
  plan.forward.submit();
  (await plan.logits(tokens.length - 1, 1, 1)).submit();
  const { logits, element } = plan.activations;
  const bytes = await device.read(logits, 0, shape.vocabularySize * bytesOf(element));
  return element === "f16" ? Float32Array.from(new Float16Array(bytes)) : new Float32Array(bytes);
}
