/**
 * Generation on a machine without a GPU: our own WebAssembly SIMD kernels over a memory that all workers share. The same
 * bits whatever the number of workers, whatever else is in the batch, and however a prompt was cut.
 * @module
 */
import { DecodeRuntime } from "../../kernels/wasm/decode_runtime.ts";
import { PASS_ROWS } from "../../kernels/wasm/memory/decode.ts";
import type { ModelConfig } from "../model/config.ts";
import type { DecodeBackend, DecodeOptions, DecoderWeights, Draw, Prefill } from "./decode.ts";
import { checkDraws, checkLoad, checkPrefill, checkSlots } from "./decode_checks.ts";
import { DecodeSlots } from "./decode_slots.ts";
import { sampleToken } from "./sample.ts";
import { decodeGroups, loadWeights, weightsName } from "./wasm_decode_weights.ts";
import { asRunError, checkWorkers, type RuntimeOptions } from "./wasm_runtime.ts";

/** A token on its way through the model. */
interface Row {
  readonly slot: number;
  readonly token: number;
  readonly position: number;
  /** Whether its logits are wanted: it is the last of its slot. */
  readonly last: boolean;
}

/**
 * The WebAssembly decoder.
 *
 * @throws {UsageError} for a config that describes no computable model, slots, a capacity or workers that are none, or
 * groups of weights that are no multiples of 32.
 * @throws {RunError} where weights and cache do not fit into 4 GiB.
 */
export async function createWasmDecoder(
  weights: DecoderWeights,
  options: DecodeOptions & RuntimeOptions,
): Promise<DecodeBackend> {
  const { slots, capacity, variant } = options;
  checkSlots(options);
  const workers = checkWorkers(weights.config, options);
  const layout = { shape: weights.config, slots, capacity, workers, groups: decodeGroups(weights) };
  const runtime = await asRunError(
    (async () => await DecodeRuntime.start(layout, variant ?? "auto"))(),
  );
  loadWeights(runtime, weights);
  return new WasmDecoder(weights, runtime);
}

class WasmDecoder implements DecodeBackend {
  readonly name = "wasm";
  readonly description: string;
  readonly config: ModelConfig;
  readonly slots: number;
  readonly capacity: number;
  readonly memory: { readonly weights: number; readonly cache: number };
  readonly #held: DecodeSlots;
  readonly #packed: boolean;

  constructor(weights: DecoderWeights, readonly runtime: DecodeRuntime) {
    const { slots, capacity, workers } = runtime.layout;
    const simd = runtime.variant === "relaxed" ? "relaxed SIMD" : "SIMD";
    const crew = `${workers} ${workers === 1 ? "worker" : "workers"}`;
    this.description = `wasm, ${simd}, ${crew}, ${weightsName(weights)}`;
    this.config = weights.config;
    this.#packed = "matrices" in weights;
    this.slots = slots;
    this.capacity = capacity;
    this.memory = runtime.places.bytes;
    this.#held = new DecodeSlots(slots);
  }

  length(slot: number): number {
    return this.#held.length(slot);
  }

  async prefill(prompts: readonly Prefill[]): Promise<void> {
    checkPrefill(this, prompts);
    const rows: Row[] = [];
    for (const { slot, tokens } of prompts) {
      const start = this.length(slot);
      tokens.forEach((token, i) =>
        rows.push({ slot, token, position: start + i, last: i === tokens.length - 1 })
      );
    }
    await this.#read(rows);
  }

  async decode(draws: readonly Draw[], steps: number): Promise<Uint32Array> {
    checkDraws(this, draws, steps, (slot) => this.#held.ready(slot));
    const result = new Uint32Array(draws.length * steps);
    for (let step = 0; step < steps; step++) {
      const rows = draws.map(({ slot, sampling, uniforms }, i): Row => {
        // Uniforms are not read at temperature 0.
        const token = sampleToken(this.#logitsOf(slot), sampling, uniforms[step] ?? 0);
        result[i * steps + step] = token;
        return { slot, token, position: this.length(slot), last: true };
      });
      await this.#read(rows);
    }
    return result;
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async logits(slot: number): Promise<Float32Array> {
    this.#held.requireReady(slot);
    return this.#logitsOf(slot).slice();
  }

  truncate(slot: number, length: number): void {
    this.#held.truncate(slot, length);
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async load(weights: Float32Array): Promise<void> {
    checkLoad(this, this.#packed, weights);
    loadWeights(this.runtime, { config: this.config, weights });
    this.#held.clear();
  }

  // deno-lint-ignore require-await -- the interface's other backends have to wait
  async [Symbol.asyncDispose](): Promise<void> {
    this.runtime[Symbol.dispose]();
  }

  /** A view of the logits in the shared memory. */
  #logitsOf(slot: number): Float32Array {
    const { vocabularySize } = this.config;
    return this.runtime.floats(this.runtime.places.logits + 4 * vocabularySize * slot, vocabularySize);
  }

  /** Appends rows to their slots, so many at a time as a pass takes. */
  async #read(rows: readonly Row[]): Promise<void> {
    const { runtime, runtime: { places } } = this;
    for (let from = 0; from < rows.length; from += PASS_ROWS) {
      const pass = rows.slice(from, from + PASS_ROWS);
      const wanted = pass.flatMap(({ last }, i) => last ? [i] : []);
      runtime.words(places.tokens, PASS_ROWS).set(pass.map(({ token }) => token));
      runtime.words(places.rowSlots, PASS_ROWS).set(pass.map(({ slot }) => slot));
      runtime.words(places.positions, PASS_ROWS).set(pass.map(({ position }) => position));
      runtime.words(places.logitRows, PASS_ROWS).set(wanted);
      await asRunError(runtime.run({ rows: pass.length, logits: wanted.length }));
    }
    for (const { slot, position, last } of rows) this.#held.set(slot, position + 1, last);
  }
}
