/**
 * Conversations packed into sequences for supervised fine-tuning.
 *
 * A packed conversation is computed as if it stood alone. Attention stays inside a document, and positions need no reset: RoPE
 * is relative, since rotating a query by its position m and a key by its position n leaves qᵀ R(n − m) k, whatever is added to
 * both; QK-norm after it sees lengths only, which rotations keep, and nothing else in the model sees positions. What remains is
 * the rounding of the angles.
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { Permutation } from "../core/permutation.ts";
import { Random } from "../core/random.ts";
import type { Batch, BatchSource, BatchSourceState } from "./batch.ts";
import { checkBatchSourceState, checkSizes } from "./checks.ts";
import { type Conversation, type ConversationSet, conversationsInMemory } from "./conversation_set.ts";
import { newBatch } from "./window.ts";

/** How conversations become batches. */
export interface PackingOptions {
  readonly seed: number;
  readonly stage: string;
  readonly sequencesPerBatch: number;
  /** Passes over all conversations. */
  readonly epochs: number;
  /** "best fit": many in a sequence. "none": one in each, the rest padding, as fine-tuning without packing computes. */
  readonly packing: "best fit" | "none";
  /** What happens to conversations longer than a sequence: they lose their end, or are left out. */
  readonly longer: "cut" | "leave out";
}

/**
 * Packs conversations into sequences of `length` inputs. Each stays whole, in one sequence and one document, so attention does
 * not cross from one to another; the loss counts assistant tokens only.
 *
 * Longer ones are left out or lose their end: the first `length` + 1 tokens stay. What then has no assistant token to learn is
 * left out. Packing is best fit, longest first; what stays free is padding: token 0, weight 0, a document of its own. The
 * packed sequences are the same in every epoch, their order is not.
 *
 * @throws {UsageError} where no conversation is left, or a size is no positive whole number.
 */
export function packConversations(
  encoded: readonly Conversation[] | ConversationSet,
  length: number,
  options: PackingOptions,
): PackedConversations {
  const { stage, sequencesPerBatch, epochs, packing, longer } = options;
  checkSizes(stage, { length, sequencesPerBatch, epochs });
  const set = "read" in encoded ? encoded : conversationsInMemory(encoded);
  const usable: number[] = [];
  for (let i = 0; i < set.count; i++) {
    if ((longer === "cut" || set.length(i) <= length + 1) && set.firstAnswer(i) <= length) usable.push(i);
  }
  if (usable.length === 0) {
    throw new UsageError(
      `Stage "${stage}": none of ${set.count} conversations has an assistant token ${
        longer === "cut" ? `in its first ${length + 1} tokens` : `and at most ${length + 1} tokens`
      }.`,
    );
  }
  const packed = packing === "none"
    ? usable.map((conversation) => [conversation])
    : pack(set, usable, length);
  return new PackedConversations(set, packed, set.count - usable.length, length, options);
}

/** The same tokens with the loss on what is not the assistant's: how well a model knows the prompts. */
export function withLossOnPrompts({ tokens, assistant }: Conversation): Conversation {
  return { tokens, assistant: assistant.map((loss) => 1 - loss) };
}

/** Inputs that a conversation takes: its last token is only a target. */
function inputsOf(tokens: number, length: number): number {
  return Math.min(tokens - 1, length);
}

/** Numbers of the conversations in each sequence. */
function pack(set: ConversationSet, usable: readonly number[], length: number): number[][] {
  const sequences: number[][] = [];
  // Sequences with this many inputs free, the latest first.
  const withFree = Array.from({ length: length + 1 }, (): number[][] => []);
  const needs = (conversation: number) => inputsOf(set.length(conversation), length);
  // Sorting is stable: equal lengths keep the given order.
  for (const conversation of usable.toSorted((a, b) => needs(b) - needs(a))) {
    const needed = needs(conversation);
    let free = needed;
    while (free < length && withFree[free]?.length === 0) free++;
    let sequence = withFree[free]?.pop();
    if (sequence === undefined) {
      sequence = [];
      sequences.push(sequence);
      free = length;
    }
    sequence.push(conversation);
    withFree[free - needed]?.push(sequence);
  }
  return sequences;
}

/** Batches of packed conversations; made by `packConversations`. */
export class PackedConversations implements BatchSource {
  readonly steps: number;
  /** Sequences of one epoch. */
  readonly sequences: number;
  /** Conversations left out: too long, or without an assistant token to learn. */
  readonly leftOut: number;
  readonly #set: ConversationSet;
  readonly #packed: readonly (readonly number[])[];
  readonly #length: number;
  readonly #options: PackingOptions;
  readonly #fingerprint: Readonly<Record<string, string | number>>;

  /** @param packed Numbers of the set's conversations in each sequence. */
  constructor(
    set: ConversationSet,
    packed: readonly (readonly number[])[],
    leftOut: number,
    length: number,
    options: PackingOptions,
  ) {
    const { epochs, sequencesPerBatch, packing, longer } = options;
    this.sequences = packed.length;
    this.steps = Math.ceil(packed.length * epochs / sequencesPerBatch);
    this.leftOut = leftOut;
    this.#set = set;
    this.#packed = packed;
    this.#length = length;
    this.#options = options;
    this.#fingerprint = {
      ...{ length, sequencesPerBatch, epochs, packing, longer },
      conversations: set.fingerprint,
    };
  }

  /** The batch of a step; the last may have fewer sequences. */
  batch(step: number): Batch & { readonly weights: Float32Array<ArrayBuffer> } {
    if (!(step >= 0 && step < this.steps)) {
      throw new RangeError(`Step is ${step}, expected 0 … ${this.steps - 1}.`);
    }
    const { epochs, sequencesPerBatch } = this.#options;
    const first = step * sequencesPerBatch;
    const sequences = Math.min(sequencesPerBatch, this.sequences * epochs - first);
    const batch = {
      ...newBatch(sequences, this.#length),
      weights: new Float32Array(sequences * this.#length),
    };
    for (let row = 0; row < sequences; row++) this.#fillRow(batch, row, first + row);
    return batch;
  }

  state(step: number): BatchSourceState {
    const { stage, seed } = this.#options;
    return { stage, seed, step, fingerprint: this.#fingerprint };
  }

  checkState(state: BatchSourceState): void {
    checkBatchSourceState(state, this.state(0), this.steps);
  }

  #fillRow(batch: ReturnType<PackedConversations["batch"]>, row: number, index: number): void {
    const { seed, stage } = this.#options;
    const epoch = Math.floor(index / this.sequences);
    const order = new Permutation(this.sequences, Random.of(seed, stage, "conversations", epoch));
    const sequence = this.#packed[order.at(index % this.sequences)] ?? [];
    let place = row * this.#length;
    sequence.forEach((conversation, document) => {
      const { tokens, assistant } = this.#set.read(conversation);
      const inputs = inputsOf(tokens.length, this.#length);
      batch.tokens.set(tokens.subarray(0, inputs), place);
      batch.targets.set(tokens.subarray(1, inputs + 1), place);
      batch.weights.set(assistant.subarray(1, inputs + 1), place);
      batch.documents.fill(document, place, place + inputs);
      place += inputs;
    });
    batch.documents.fill(sequence.length, place, (row + 1) * this.#length);
  }
}
