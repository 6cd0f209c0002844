/**
 * Conversations of a stage of fine-tuning: read, divided into trained on and held out, encoded onto disk, packed.
 *
 * Published sets have billions of tokens. They are streamed; memory holds two numbers for each conversation.
 * @module
 */
import { join } from "node:path";
import { exists, writeJson } from "../../core/artefacts.ts";
import { Random } from "../../core/random.ts";
import {
  type Conversation as EncodedConversation,
  type ConversationSet,
  openConversations,
  writeConversations,
} from "../../shards/conversation_set.ts";
import {
  packConversations,
  type PackedConversations,
  withLossOnPrompts,
} from "../../shards/conversations.ts";
import { isHeldOut } from "../../shards/split.ts";
import { conversationSource, readConversations } from "../../sources/conversations.ts";
import { type Conversation, documentId } from "../../sources/document.ts";
import { type ChatTokenizer, encodeConversation } from "../../tokenizer/chat.ts";
import type { ChatTemplate } from "../../tokenizer/template.ts";
import type { Probe } from "../../train/probe.ts";
import type { Recipe } from "../recipe.ts";
import { recipeBenchmarks } from "./recipe_benchmarks.ts";

/** Settings of a fine-tuning stage. */
export type FineTuning = Recipe["sft"];

/** How conversations become tokens. */
export interface Chat {
  readonly tokenizer: ChatTokenizer;
  readonly template: ChatTemplate;
}

/** Where a conversation goes; contaminated: a message contains an item of one of the recipe's benchmarks. */
type Side = "training" | "held out" | "contaminated";

/**
 * Reads the conversations of a stage's sources. Published sets have several answers to a problem, so conversations that begin with
 * the same prompt are on the same side.
 */
export async function* divideConversations(
  recipe: Recipe,
  { sources }: FineTuning,
): AsyncGenerator<[Side, Conversation]> {
  const benchmarks = await recipeBenchmarks(recipe);
  for (const source of sources) {
    for await (const conversation of readConversations(await conversationSource(source))) {
      const contaminated = conversation.messages.some(({ content }) => benchmarks.match(content).length > 0);
      const heldOut = isHeldOut(promptId(conversation), recipe.heldOutShare);
      yield [contaminated ? "contaminated" : heldOut ? "held out" : "training", conversation];
    }
  }
}

/** Identifies what comes before the assistant's first turn. */
function promptId({ messages }: Conversation): string {
  return documentId(
    JSON.stringify(messages.slice(0, messages.findIndex(({ role }) => role === "assistant"))),
  );
}

/** Conversations that a stage never trains on. */
export async function heldOutConversations(
  recipe: Recipe,
  settings: FineTuning = recipe.sft,
): Promise<Conversation[]> {
  const found: Conversation[] = [];
  for await (const [side, conversation] of divideConversations(recipe, settings)) {
    if (side === "held out") found.push(conversation);
  }
  return found;
}

/** What a stage trains on, and what is held out of it. */
export interface TuningData extends Disposable {
  readonly training: ConversationSet;
  /** null: none is. */
  readonly heldOut: ConversationSet | null;
  readonly packed: PackedConversations;
  readonly summary: TuningSummary;
}

/** What was found in the sources. */
export interface TuningSummary {
  readonly heldOut: number;
  readonly contaminated: number;
  /** Tokens to train on by source. */
  readonly tokens: Readonly<Record<string, number>>;
}

/**
 * Encodes a stage's conversations into a directory, or finds that this is done, and packs them.
 *
 * @param directory What is there is of the same sources, tokenizer and template.
 * @throws {UsageError} where there is nothing to train on, or the template does not render a conversation.
 */
export async function openTuningData(
  stage: string,
  recipe: Recipe,
  settings: FineTuning,
  chat: Chat,
  directory: string,
  signal: AbortSignal,
): Promise<TuningData> {
  const summaryPath = join(directory, "summary.json");
  if (!await exists(summaryPath)) await encode(stage, recipe, settings, chat, directory, signal, summaryPath);
  const summary: TuningSummary = JSON.parse(await Deno.readTextFile(summaryPath));
  const training = await openConversations(join(directory, "training"));
  const heldOut = summary.heldOut === 0 ? null : await openConversations(join(directory, "held-out"));
  const { length, sequences, epochs, packing, longer } = settings;
  return {
    training,
    heldOut,
    packed: packConversations(training, length, {
      ...{ seed: recipe.seed, stage, epochs, packing, longer },
      sequencesPerBatch: sequences,
    }),
    summary,
    [Symbol.dispose]: () => {
      training[Symbol.dispose]();
      heldOut?.[Symbol.dispose]();
    },
  };
}

/** Two passes over the sources, one for each side. */
async function encode(
  stage: string,
  recipe: Recipe,
  settings: FineTuning,
  { tokenizer, template }: Chat,
  directory: string,
  signal: AbortSignal,
  summaryPath: string,
): Promise<void> {
  const counts = { "training": 0, "held out": 0, "contaminated": 0 };
  const tokens = new Map<string, number>();
  const encoded = async function* (wanted: Side, seen: (side: Side, source: string, tokens: number) => void) {
    for await (const [side, { messages, source }] of divideConversations(recipe, settings)) {
      const conversation = side === wanted ? encodeConversation(messages, tokenizer, template) : undefined;
      seen(side, source, conversation?.tokens.length ?? 0);
      if (conversation !== undefined) yield conversation;
    }
  };
  const write = (folder: string, conversations: AsyncGenerator<EncodedConversation>) =>
    writeConversations(join(directory, folder), conversations, tokenizer, { source: stage, signal });
  await write(
    "training",
    encoded("training", (side, source, count) => {
      counts[side]++;
      if (count > 0) tokens.set(source, (tokens.get(source) ?? 0) + count);
    }),
  );
  if (counts["held out"] > 0) await write("held-out", encoded("held out", () => {}));
  await writeJson(
    summaryPath,
    {
      heldOut: counts["held out"],
      contaminated: counts.contaminated,
      tokens: Object.fromEntries(tokens),
    } satisfies TuningSummary,
  );
}

/** Held-out conversations in a random order. */
export function* shuffledConversations(
  set: ConversationSet | null,
  random: Random,
): Generator<EncodedConversation> {
  if (set === null) return;
  for (const i of random.shuffled(Array.from({ length: set.count }, (_, i) => i))) yield set.read(i);
}

/**
 * Held-out conversations as two probes: "answers", what the assistant says, and "prompts", all else. Fine-tuning should lower the
 * first loss; it learns nothing from prompts. Longer ones are cut.
 *
 * @param maxTokens No further conversation once so many are reached.
 */
export function conversationProbes(
  heldOut: Iterable<EncodedConversation>,
  { length, sequences }: Pick<FineTuning, "length" | "sequences">,
  maxTokens: number,
): Probe[] {
  const used: EncodedConversation[] = [];
  let tokens = 0;
  for (const conversation of heldOut) {
    if (tokens >= maxTokens) break;
    if (!conversation.assistant.subarray(1, length + 1).includes(1)) continue;
    used.push(conversation);
    tokens += Math.min(conversation.tokens.length, length);
  }
  if (used.length === 0) return [];
  const probe = (name: string, conversations: readonly EncodedConversation[]): Probe => {
    const packed = packConversations(conversations, length, {
      ...{ seed: 0, stage: name, sequencesPerBatch: sequences, epochs: 1 },
      packing: "best fit",
      longer: "cut",
    });
    return { name, batches: Array.from({ length: packed.steps }, (_, step) => packed.batch(step)) };
  };
  return [probe("answers", used), probe("prompts", used.map(withLossOnPrompts))];
}
