/**
 * Problems of a source as prompts with gold answers.
 * @module
 */
import { goldAnswer } from "../../benchmarks/mathematics/grade.ts";
import { UsageError } from "../../core/errors.ts";
import { readConversations } from "../../sources/conversations.ts";
import type { SourceSpec } from "../../sources/spec.ts";
import { encodePrompt } from "../../tokenizer/chat.ts";
import type { ChatTemplate } from "../../tokenizer/template.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import type { Prompt } from "./answers.ts";

/** How problems are put to the model. */
export interface PromptOptions {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** Longer prompts are left out: tokens. */
  readonly longest: number;
  /** So many at most. */
  readonly count: number;
}

/**
 * The first problems of a source of conversations: all but the last turn is the prompt, the last one's answer is the gold one.
 *
 * @throws {UsageError} where no problem is short enough.
 */
export async function readPrompts(
  spec: SourceSpec,
  { tokenizer, template, longest, count }: PromptOptions,
): Promise<Prompt[]> {
  const prompts: Prompt[] = [];
  for await (const { messages } of readConversations(spec)) {
    const tokens = encodePrompt(messages.slice(0, -1), tokenizer, template);
    if (tokens.length > longest) continue;
    prompts.push({ tokens, gold: goldAnswer(messages.at(-1)?.content ?? "") });
    if (prompts.length === count) break;
  }
  if (prompts.length > 0) return prompts;
  throw new UsageError(`Source "${spec.name}" has no problem of at most ${longest} tokens.`);
}
