/**
 * A thread of `scorer_threads.ts`: its first message is what to open, each later one a batch of texts, which it answers with their scores.
 * @module
 */
/// <reference lib="deno.worker" />
import { loadEducationClassifier } from "./education_classifier.ts";
import { scoreText } from "./logistic_model.ts";
import type { PortableScorer, Scorer } from "./scorer.ts";
import type { ThreadAnswer } from "./scorer_threads.ts";

type ScoreTexts = (texts: readonly string[]) => (number | null)[] | Promise<(number | null)[]>;

async function open(portable: PortableScorer): Promise<ScoreTexts> {
  if (portable.kind === "logistic") return (texts) => texts.map((text) => scoreText(portable.model, text));
  const scorer: Scorer = await loadEducationClassifier(portable.directory);
  return (texts) =>
    scorer.score(texts.map((text) => ({ id: "", source: "", text, licence: "", metadata: {} })));
}

let opened: Promise<ScoreTexts> | undefined;

self.onmessage = async ({ data }: MessageEvent<PortableScorer | readonly string[]>) => {
  if ("kind" in data) {
    opened = open(data);
    // Heard of with the first batch.
    opened.catch(() => {});
    return;
  }
  let answer: ThreadAnswer;
  try {
    answer = { scores: await (await opened as ScoreTexts)(data) }; // The first message comes first.
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(answer);
};
