/**
 * A decoder without a cache, on the very model that trains: for policies so small that loading new weights into a decoder before
 * every step would take longer. What it samples from is to the bit what the update then computes with.
 * @module
 */
import type { ForwardBackend } from "../../backends/backend.ts";
import type { DecodeBackend, DecodeOptions, Draw, Prefill } from "../../backends/decode.ts";
import { checkDraws, checkPrefill, checkSlots } from "../../backends/decode_checks.ts";
import { sampleToken } from "../../backends/sample.ts";
import { UsageError } from "../../core/errors.ts";
import type { ModelConfig } from "../../model/config.ts";
import { paddedLength } from "./padding.ts";

/** Computes every text anew for every token. Disposing of it leaves the model as it is. */
export class ForwardDecoder implements DecodeBackend {
  readonly name: "wasm" | "webgpu";
  readonly description: string;
  readonly config: ModelConfig;
  readonly slots: number;
  readonly capacity: number;
  readonly memory = { weights: 0, cache: 0 };
  readonly #backend: ForwardBackend;
  readonly #tokens: number[][];
  readonly #logits = new Map<number, Float32Array>();

  /** @throws {UsageError} for slots or a capacity that are none, or the tfjs backend, which is no decoder's. */
  constructor(backend: ForwardBackend, options: DecodeOptions) {
    checkSlots(options);
    if (backend.name === "tfjs") {
      throw new UsageError('Decoder: the backend is "tfjs", expected wasm or webgpu.');
    }
    this.name = backend.name;
    this.description = `${backend.description}, without a cache`;
    this.config = backend.config;
    this.slots = options.slots;
    this.capacity = options.capacity;
    this.#backend = backend;
    this.#tokens = Array.from({ length: options.slots }, () => []);
  }

  length(slot: number): number {
    return this.#held(slot).length;
  }

  async prefill(prompts: readonly Prefill[]): Promise<void> {
    checkPrefill(this, prompts);
    for (const { slot, tokens } of prompts) this.#held(slot).push(...tokens);
    await this.#compute(prompts.map(({ slot }) => slot));
  }

  async decode(draws: readonly Draw[], steps: number): Promise<Uint32Array> {
    checkDraws(this, draws, steps, (slot) => this.#logits.has(slot));
    const result = new Uint32Array(draws.length * steps);
    for (let step = 0; step < steps; step++) {
      for (const [i, { slot, sampling, uniforms }] of draws.entries()) {
        // Uniforms are not read at temperature 0.
        const token = sampleToken(this.#logitsOf(slot), sampling, uniforms[step] ?? 0);
        result[i * steps + step] = token;
        this.#held(slot).push(token);
      }
      await this.#compute(draws.map(({ slot }) => slot));
    }
    return result;
  }

  // deno-lint-ignore require-await -- the interface's other decoders have to wait
  async logits(slot: number): Promise<Float32Array> {
    return this.#logitsOf(slot).slice();
  }

  truncate(slot: number, length: number): void {
    const held = this.#held(slot);
    if (!Number.isSafeInteger(length) || length < 0 || length > held.length) {
      throw new UsageError(`Slot ${slot} holds ${held.length} positions; it cannot be cut to ${length}.`);
    }
    held.length = length;
    this.#logits.delete(slot);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #held(slot: number): number[] {
    const held = this.#tokens[slot];
    if (held === undefined) throw new UsageError(`Slot is ${slot}, expected 0 … ${this.slots - 1}.`);
    return held;
  }

  #logitsOf(slot: number): Float32Array {
    const logits = this.#logits.get(slot);
    if (logits === undefined) throw new UsageError(`Slot ${slot} has no logits, expected a prefill before.`);
    return logits;
  }

  /** One row a slot of the decoder, whether it is asked for or not, so that the number of rows stays; texts end at the right. */
  async #compute(slots: readonly number[]): Promise<void> {
    const longest = Math.max(...this.#tokens.map((held) => held.length));
    const length = paddedLength(longest);
    const tokens = new Uint32Array(this.slots * length), documents = new Uint32Array(this.slots * length);
    this.#tokens.forEach((held, row) => {
      const end = (row + 1) * length;
      tokens.set(held, end - held.length);
      // What stands before it is another document: positions are relative, so the text is computed as if it stood alone.
      documents.fill(1, end - held.length, end);
    });
    const { vocabularySize } = this.config;
    const logits = await this.#backend.logits({ sequences: this.slots, length, tokens, documents }, "last");
    for (const slot of slots) {
      this.#logits.set(slot, logits.slice(slot * vocabularySize, (slot + 1) * vocabularySize));
    }
  }
}
