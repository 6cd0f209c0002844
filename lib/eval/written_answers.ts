/**
 * Written answers: as continuations with examples, or as chats without; judged by the benchmark's own grader.
 * @module
 */
import pLimit from "p-limit";
import { fewShotPrefix } from "../benchmarks/read.ts";
import type { Sandboxes } from "../benchmarks/sandboxes.ts";
import { GREEDY } from "../benchmarks/task.ts";
import { gradeLetter, letteredQuestion } from "../benchmarks/letters.ts";
import type {
  AnswerStyle,
  ChoiceItem,
  ChoiceTask,
  GenerationItem,
  GenerationSettings,
  GenerationTask,
} from "../benchmarks/task.ts";
import { Random } from "../core/random.ts";
import type { Message } from "../tokenizer/chat.ts";
import type { Protocol, Sample } from "./protocol.ts";
import type { AnswerRequest, Prompt, System } from "./system.ts";

/** How a benchmark's questions are put. */
export interface WrittenSettings {
  readonly style: AnswerStyle;
  /** Before each question of a continuation. */
  readonly shots: number;
  /** Answers to each question; absent: the benchmark's own number. */
  readonly samples?: number;
  /** Most new tokens; absent: the benchmark's own number. */
  readonly maxNewTokens?: number;
  readonly seed: number;
}

/** Answers that are judged at once: code takes processor time, mathematics a worker. */
const GRADED_AT_ONCE = 4;

/**
 * A benchmark of written answers, to be put to a system.
 *
 * @param examples By group; not used in a chat.
 */
export function writtenAnswers(
  task: GenerationTask,
  items: readonly GenerationItem[],
  examples: ReadonlyMap<string, readonly string[]>,
  { style, shots, seed, ...asked }: WrittenSettings,
  system: System,
  sandboxes: Sandboxes,
): Protocol {
  const settings: GenerationSettings = { ...task[style], ...asked };
  const prompts = new Map(
    items.map((item) => [item.id, { item, prompt: promptOf(task, item, style, examples) }]),
  );
  return {
    task: task.name,
    version: task.version,
    shots: style === "chat" ? 0 : shots,
    settings: {
      output_type: "generate_until",
      style,
      stop: settings.stop,
      maxNewTokens: settings.maxNewTokens,
      sampling: settings.sampling,
      // The likeliest tokens do not depend on it.
      ...(settings.sampling.temperature > 0 && { seed }),
    },
    metrics: [task.metric],
    samples: settings.samples,
    questions: [...prompts.values()].map(({ item, prompt }) => ({
      id: item.id,
      ...(item.group !== undefined && { group: item.group }),
      doc: { id: item.id, question: item.question },
      target: item.gold,
      arguments: [["text" in prompt ? prompt.text : JSON.stringify(prompt.messages)]],
    })),
    async *ask(keys, signal) {
      const requests = keys.map(({ id, sample }): AnswerRequest => ({
        task: task.name,
        id,
        sample,
        // Ids are the items'.
        prompt: prompts.get(id)?.prompt as Prompt,
        stop: settings.stop,
        maxNewTokens: settings.maxNewTokens,
        sampling: settings.sampling,
        seed: Random.of(seed, "eval", task.name, id, sample).uint32(0),
      }));
      yield* judgedMeanwhile(system.answers(requests, signal), async ({ index, text }) => {
        const { id, sample } = keys[index] as typeof keys[number];
        const { correct, extracted } = await (prompts.get(id)?.item as GenerationItem).grade(
          text,
          style,
          sandboxes,
        );
        return {
          id,
          sample,
          responses: [text],
          filtered: extracted,
          metrics: { [task.metric]: Number(correct) },
        };
      });
    },
  };
}

function promptOf(
  task: GenerationTask,
  item: GenerationItem,
  style: AnswerStyle,
  examples: ReadonlyMap<string, readonly string[]>,
): Prompt {
  if (style === "completion") return { text: fewShotPrefix(task, item, examples) + item.prompt };
  const { system } = task.chat;
  const user: Message = { role: "user", content: item.question };
  return { messages: system === undefined ? [user] : [{ role: "system", content: system }, user] };
}

/** Judges answers while others are still being written; a few at once, in any order. What was judged before a failure still comes. */
async function* judgedMeanwhile<In>(
  answers: AsyncIterable<In>,
  judge: (answer: In) => Promise<Sample>,
): AsyncGenerator<Sample> {
  const limit = pLimit(GRADED_AT_ONCE);
  const ready: Sample[] = [];
  const underWay: Promise<unknown>[] = [];
  const failures: unknown[] = [];
  const failed = (error: unknown) => void failures.push(error);
  try {
    for await (const answer of answers) {
      underWay.push(limit(async () => void ready.push(await judge(answer))).catch(failed));
      yield* ready.splice(0);
      if (failures.length > 0) break;
    }
  } catch (error) {
    failed(error);
  }
  await Promise.all(underWay);
  yield* ready.splice(0);
  if (failures.length > 0) throw failures[0];
}

/** A benchmark of multiple choice for systems that can only write: the answer is a letter. */
export function asWrittenTask(task: ChoiceTask): GenerationTask {
  const settings = { ...GREEDY, stop: [], maxNewTokens: 2048 };
  return {
    ...task,
    kind: "generation",
    metric: "exact_match",
    completion: settings,
    chat: settings,
    item: (record) => asWrittenItem(task.item(record)),
  };
}

function asWrittenItem(item: ChoiceItem): GenerationItem {
  const question = letteredQuestion(item);
  return {
    id: item.id,
    ...(item.group !== undefined && { group: item.group }),
    prompt: `${question}\nAnswer:`,
    target: null,
    question,
    gold: item.options[item.gold] ?? "",
    grade: (answer) => Promise.resolve(gradeLetter(answer, item)),
  };
}
