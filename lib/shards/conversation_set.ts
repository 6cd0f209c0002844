/**
 * Many conversations, each of which is read when it is needed: in memory, or in token shards on disk.
 * @module
 */
import { sha256 } from "../core/artefacts.ts";
import { openShards, type Shards } from "./reader.ts";
import type { ShardIndex } from "./shard.ts";
import { writeTokenShards } from "./writer.ts";

/** A conversation as `encodeConversation` gives it. */
export interface Conversation {
  readonly tokens: Uint32Array;
  /** 1 where the loss counts. */
  readonly assistant: Uint8Array;
}

/** Conversations by their number, 0 … count − 1. */
export interface ConversationSet {
  readonly count: number;
  /** Number of the i-th's tokens. */
  length(i: number): number;
  /** Place of the i-th's first token that the loss counts and another stands before; Infinity: there is none. */
  firstAnswer(i: number): number;
  read(i: number): Conversation;
  /** Changes when any token or mask does. */
  readonly fingerprint: string;
}

/** Set on the ids of what the assistant says: shards have no place for a mask. */
const ASSISTANT = 2 ** 31;

/** 16 MB. */
const MAX_TOKENS_PER_SHARD = 1 << 22;

/** A set of those that are in memory. */
export function conversationsInMemory(conversations: readonly Conversation[]): ConversationSet {
  const at = (i: number) => conversations[i] as Conversation; // A number of the set.
  return {
    count: conversations.length,
    length: (i) => at(i).tokens.length,
    firstAnswer: (i) => firstAnswerOf(at(i)),
    read: at,
    get fingerprint() {
      return sha256(conversations.map(({ tokens, assistant }) => hashOf(tokens) + hashOf(assistant)).join());
    },
  };
}

/**
 * Writes conversations as token shards, such that memory holds 16 MB of them.
 *
 * @param vocabulary The tokenizer's; ids below 2^31.
 * @throws {UsageError} where there are none.
 */
export function writeConversations(
  directory: string,
  conversations: AsyncIterable<Conversation>,
  vocabulary: { readonly name: string },
  options: { readonly source: string; readonly signal?: AbortSignal },
): Promise<ShardIndex> {
  const flagged = async function* () {
    for await (const { tokens, assistant } of conversations) {
      yield tokens.map((id, i) => assistant[i] === 1 ? id + ASSISTANT : id);
    }
  };
  return writeTokenShards(directory, flagged(), { name: vocabulary.name, vocabularySize: 2 ** 32 }, {
    ...options,
    maxTokensPerShard: MAX_TOKENS_PER_SHARD,
  });
}

/**
 * Opens what {@link writeConversations} wrote: memory holds two numbers for each.
 *
 * @throws {UsageError} as `openShards`.
 */
export async function openConversations(directory: string): Promise<ConversationSet & Disposable> {
  return new StoredConversations(await openShards(directory));
}

class StoredConversations implements ConversationSet, Disposable {
  readonly count: number;
  readonly fingerprint: string;
  readonly #firstAnswers: Float64Array;

  constructor(readonly shards: Shards) {
    this.count = shards.documents;
    this.fingerprint = shards.fingerprint;
    this.#firstAnswers = Float64Array.from({ length: this.count }, (_, i) => firstAnswerOf(this.read(i)));
  }

  length(i: number): number {
    return this.shards.documentStart(i + 1) - this.shards.documentStart(i);
  }

  firstAnswer(i: number): number {
    return this.#firstAnswers[i] as number; // A number of the set.
  }

  read(i: number): Conversation {
    const flagged = this.shards.read(this.shards.documentStart(i), this.length(i));
    return {
      tokens: flagged.map((id) => id % ASSISTANT),
      assistant: Uint8Array.from(flagged, (id) => id >= ASSISTANT ? 1 : 0),
    };
  }

  [Symbol.dispose](): void {
    this.shards[Symbol.dispose]();
  }
}

function firstAnswerOf({ assistant }: Conversation): number {
  const place = assistant.indexOf(1, 1);
  return place < 0 ? Infinity : place;
}

function hashOf(data: Uint32Array | Uint8Array): string {
  return sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
