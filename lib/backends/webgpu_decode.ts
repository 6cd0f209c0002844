/**
 * Generation on a machine with a GPU: our own WGSL kernels under fixed plans (kernels/webgpu/plan/decode.ts).
 * @module
 */
import type { Device } from "../../kernels/webgpu/device/device.ts";
import { NO_TOKEN } from "../../kernels/webgpu/ops/decode/draw.ts";
import { DecodeModel } from "../../kernels/webgpu/plan/decode.ts";
import {
  type DrawRow,
  readTokens,
  type TokenRow,
  writeTokens,
} from "../../kernels/webgpu/plan/decode_run.ts";
import { RunError } from "../core/errors.ts";
import { checkModelConfig, type ModelConfig } from "../model/config.ts";
import type { DecodeBackend, DecodeOptions, DecoderWeights, Draw, Prefill } from "./decode.ts";
import { checkDraws, checkLoad, checkPrefill, checkSlots } from "./decode_checks.ts";
import { DecodeSlots } from "./decode_slots.ts";
import { decodeWeights } from "./webgpu_decode_weights.ts";
import { asRunError } from "./webgpu_errors.ts";

/**
 * A decoder on an open device, which it disposes of in the end; weights that are not packed are stored in the element type
 * of the device's tier.
 *
 * @throws {UsageError} for a config that describes no computable model, slots or a capacity that are none, packed
 * weights that do not fit together.
 * @throws {RunError} where weights and cache do not fit into the device's memory.
 */
export async function createWebgpuDecoder(
  weights: DecoderWeights,
  options: DecodeOptions,
  device: Device,
): Promise<DecodeBackend> {
  try {
    checkSlots(options);
    checkModelConfig(weights.config);
    const make = () => {
      const stored = decodeWeights(device, weights);
      return new DecodeModel(device, weights.config, stored, options);
    };
    const model = await asRunError(Promise.try(make));
    await asRunError(device.settled());
    return new WebgpuDecoder(weights, options, model);
  } catch (error) {
    device[Symbol.dispose]();
    throw error;
  }
}

class WebgpuDecoder implements DecodeBackend {
  readonly name = "webgpu";
  readonly description: string;
  readonly config: ModelConfig;
  readonly slots: number;
  readonly capacity: number;
  readonly memory: { readonly weights: number; readonly cache: number };
  readonly #held: DecodeSlots;
  readonly #packed: boolean;

  constructor(
    weights: DecoderWeights,
    { slots, capacity }: DecodeOptions,
    readonly model: DecodeModel,
  ) {
    const { adapter, provider, tier } = model.device;
    const stored = "weights" in weights
      ? `${tier === "f32" ? 32 : 16}-bit weights`
      : `4-bit weights${weights.activationBits === 8 ? ", 8-bit activations" : ""}`;
    this.description = `webgpu, ${adapter} through ${
      provider === "dawn" ? "Dawn" : "Deno"
    }, ${tier}, ${stored}`;
    this.config = weights.config;
    this.#packed = "matrices" in weights;
    this.slots = slots;
    this.capacity = capacity;
    this.memory = model.memory;
    this.#held = new DecodeSlots(slots);
  }

  length(slot: number): number {
    return this.#held.length(slot);
  }

  async prefill(prompts: readonly Prefill[]): Promise<void> {
    checkPrefill(this, prompts);
    const rows: TokenRow[] = [];
    for (const { slot, tokens } of prompts) {
      const start = this.length(slot);
      tokens.forEach((token, i) =>
        rows.push({ token, slot, position: start + i, ends: i === tokens.length - 1 })
      );
      this.#held.set(slot, start + tokens.length, true);
    }
    await asRunError(readTokens(this.model, rows));
    await asRunError(this.model.device.settled());
  }

  async decode(draws: readonly Draw[], steps: number): Promise<Uint32Array> {
    checkDraws(this, draws, steps, (slot) => this.#held.ready(slot));
    const rows = draws.map(({ slot, sampling, uniforms }): DrawRow => {
      const { temperature, topK = Infinity, topP = 1 } = sampling;
      return { slot, length: this.length(slot), temperature, topK, topP, uniforms };
    });
    for (const { slot, length } of rows) this.#held.set(slot, length + steps, true);
    const tokens = await asRunError(writeTokens(this.model, rows, steps));
    const strange = tokens.indexOf(NO_TOKEN);
    if (strange >= 0) {
      const slot = draws[Math.floor(strange / steps)]?.slot;
      throw new RunError(`A logit of slot ${slot} is not a finite number.`);
    }
    return tokens;
  }

  async logits(slot: number): Promise<Float32Array> {
    this.#held.requireReady(slot);
    const bytes = 4 * this.config.vocabularySize;
    return new Float32Array(await asRunError(this.model.device.read(this.model.logits, slot * bytes, bytes)));
  }

  truncate(slot: number, length: number): void {
    this.#held.truncate(slot, length);
  }

  async load(weights: Float32Array): Promise<void> {
    checkLoad(this, this.#packed, weights);
    this.model.load(weights);
    this.#held.clear();
    await asRunError(this.model.device.settled());
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async [Symbol.asyncDispose](): Promise<void> {
    this.model.device[Symbol.dispose]();
  }
}
