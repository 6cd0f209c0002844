/**
 * Many texts at once from a decoder: continuous batching.
 *
 * Every slot of the decoder holds one sequence; where one ends, the next request takes its slot. Draws come from the
 * request's own stream, one number for each new token, so a completion depends on prompt, sampling and seed, and not on
 * its neighbours: to the bit where the backend's arithmetic on a row does not depend on the other rows, as wasm's.
 * @module
 */
import type { DecodeBackend, Draw, SamplingSettings } from "../backends/decode.ts";
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { checkSamplingSettings } from "../backends/sample.ts";

/** One text to write. */
export interface GenerationRequest {
  /** At least one token, and fewer than the decoder's capacity. */
  readonly prompt: Uint32Array;
  readonly sampling: SamplingSettings;
  /** Names the request's stream: samples of one prompt need one each. */
  readonly seed: number;
  readonly maxNewTokens: number;
  /** Tokens that end a text; they are not part of it. */
  readonly stopTokens: readonly number[];
  /** Asked after each new token, in order; true ends the text with it. Absent: only the others end it. */
  readonly stopAfter?: (token: number) => boolean;
}

/** A text that has ended. */
export interface Completion {
  /** Which request's. */
  readonly index: number;
  /** New tokens, without the stop token. */
  readonly tokens: Uint32Array;
  /** A stop token came or `stopAfter` said so, `maxNewTokens` are written, or the slot is full. */
  readonly finish: "stop" | "length" | "capacity";
}

/** How the work goes on; none of it changes a completion. */
export interface GenerationOptions {
  /** Told of every new token, in order for each request. */
  readonly onToken?: (index: number, token: number) => void;
  /** Looked at between calls of the decoder. */
  readonly signal?: AbortSignal;
  /**
   * Most steps in a call of the decoder. Calls begin with one step; each that stops no text doubles the next one's, each that
   * does halves it, since what follows a stop is thrown away.
   */
  readonly stepsPerCall?: number;
}

const STEPS_PER_CALL = 32;

/**
 * Continues every prompt; completions come in the order in which they end. The next request is asked for when a slot is
 * free. The decoder must not be in other use meanwhile; afterwards its slots are empty.
 *
 * @throws {UsageError} for a prompt that is empty or leaves no room in a slot, or a setting out of range.
 * @throws {RunError} where a logit is NaN or infinite.
 */
export async function* generateAll(
  decoder: DecodeBackend,
  requests: Iterable<GenerationRequest> | AsyncIterable<GenerationRequest>,
  { onToken, signal, stepsPerCall = STEPS_PER_CALL }: GenerationOptions = {},
): AsyncGenerator<Completion, void, void> {
  if (!Number.isSafeInteger(stepsPerCall) || stepsPerCall < 1) {
    throw new UsageError(`stepsPerCall is ${stepsPerCall}, expected a whole number above 0.`);
  }
  const waiting = numbered(decoder, requests);
  const free = Array.from({ length: decoder.slots }, (_, slot) => slot);
  const running = new Set<Sequence>();
  let steps = 1;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const admitted: Sequence[] = [];
      while (free.length > 0) {
        const next = await waiting.next();
        if (next.done) break;
        // There is a free slot.
        admitted.push(new Sequence(free.shift() as number, next.value.index, next.value.request));
      }
      if (admitted.length > 0) {
        await decoder.prefill(admitted.map(({ slot, request }) => ({ slot, tokens: request.prompt })));
        for (const sequence of admitted) running.add(sequence);
      }
      if (running.size === 0) return;

      const sequences = [...running];
      const count = Math.min(steps, ...sequences.map((sequence) => sequence.room(decoder)));
      const tokens = await decoder.decode(sequences.map((sequence) => sequence.draw(count)), count);
      let stopped = false;
      for (const [row, sequence] of sequences.entries()) {
        const own = tokens.subarray(row * count, (row + 1) * count);
        const finish = sequence.append(own, decoder, onToken);
        if (finish === undefined) continue;
        stopped ||= finish === "stop";
        running.delete(sequence);
        decoder.truncate(sequence.slot, 0);
        free.push(sequence.slot);
        yield { index: sequence.index, tokens: Uint32Array.from(sequence.tokens), finish };
      }
      steps = stopped ? Math.ceil(steps / 2) : Math.min(2 * steps, stepsPerCall);
    }
  } finally {
    for (const { slot } of running) decoder.truncate(slot, 0);
  }
}

/** Requests with their numbers, checked. */
async function* numbered(
  decoder: DecodeBackend,
  requests: Iterable<GenerationRequest> | AsyncIterable<GenerationRequest>,
): AsyncGenerator<{ index: number; request: GenerationRequest }> {
  let index = 0;
  for await (const request of requests) {
    checkRequest(request, index, decoder.capacity);
    yield { index: index++, request };
  }
}

function checkRequest(
  { prompt, sampling, maxNewTokens }: GenerationRequest,
  index: number,
  capacity: number,
) {
  checkSamplingSettings(sampling);
  if (!Number.isSafeInteger(maxNewTokens) || maxNewTokens < 1) {
    throw new UsageError(`maxNewTokens is ${maxNewTokens}, expected a whole number above 0.`);
  }
  if (prompt.length === 0 || prompt.length >= capacity) {
    throw new UsageError(
      `Prompt ${index + 1} has ${prompt.length} tokens, expected 1 to ${capacity - 1}: ` +
        `the decoder holds ${capacity}, and one at least is to be written.`,
    );
  }
}

/** A request in its slot. */
class Sequence {
  readonly tokens: number[] = [];
  readonly #random: Random;

  constructor(readonly slot: number, readonly index: number, readonly request: GenerationRequest) {
    this.#random = Random.of(request.seed, "generate");
  }

  /** Tokens that may still be drawn. */
  room({ capacity }: DecodeBackend): number {
    const { prompt, maxNewTokens } = this.request;
    return Math.min(maxNewTokens, capacity - prompt.length) - this.tokens.length;
  }

  draw(steps: number): Draw {
    const { slot, request: { sampling }, tokens } = this;
    const uniforms = new Float32Array(steps);
    if (sampling.temperature > 0) {
      for (let i = 0; i < steps; i++) uniforms[i] = below1(this.#random.uniform(tokens.length + i));
    }
    return { slot, sampling, uniforms };
  }

  /** Takes drawn tokens up to the first stop token; says whether, and how, the text has ended. */
  append(
    drawn: Uint32Array,
    decoder: DecodeBackend,
    onToken: GenerationOptions["onToken"],
  ): Completion["finish"] | undefined {
    const { stopTokens, stopAfter, maxNewTokens } = this.request;
    for (const token of drawn) {
      if (stopTokens.includes(token)) return "stop";
      this.tokens.push(token);
      onToken?.(this.index, token);
      if (stopAfter?.(token)) return "stop";
    }
    if (this.room(decoder) > 0) return undefined;
    return this.tokens.length === maxNewTokens ? "length" : "capacity";
  }
}

/** The largest float32 below 1. */
const BELOW_1 = 1 - 2 ** -24;

/** A uniform number of 53 bits as a float32, which rounding must not make 1. */
function below1(uniform: number): number {
  return Math.min(uniform, BELOW_1);
}
