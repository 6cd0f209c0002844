/**
 * An evaluation that can be stopped at any time: every answer is kept as it comes, and only what is missing is asked for.
 * @module
 */
import { join } from "node:path";
import { fingerprint } from "../core/artefacts.ts";
import { startProgress } from "../core/progress.ts";
import { AppendLog } from "../curation/append_log.ts";
import type { Protocol, Sample, SampleKey } from "./protocol.ts";

/** A benchmark's answers. */
export interface Evaluation {
  readonly protocol: Protocol;
  /** In the order of the questions, and of the samples of each. */
  readonly samples: readonly Sample[];
  /** How many were there before. */
  readonly kept: number;
}

/** Answers are forced to disk after so many. */
const SYNC_EVERY = 256;

/**
 * Puts a benchmark to a system. Answers are kept in `directory` by everything that they depend on: the system, the benchmark and its
 * settings, and the questions as they are asked; a run with other settings has a log of its own. More questions (a higher limit) or more
 * samples of each only ask for what is new.
 *
 * @param system Its name.
 * @throws {UsageError | RunError} as the system and the grader do; answers up to then are kept.
 */
export async function evaluate(
  protocol: Protocol,
  system: string,
  directory: string,
  signal: AbortSignal,
): Promise<Evaluation> {
  const { task, version, shots, settings, questions, samples: count } = protocol;
  const header = { system, task, version, shots, settings };
  const path = join(directory, "answers", `${task}-${fingerprint(header).slice(0, 12)}.jsonl`);
  const log = await AppendLog.open<Sample & { readonly question: string }>(path, header);
  const hashes = new Map(
    questions.map((question) => [question.id, fingerprint(question.arguments).slice(0, 16)]),
  );
  const known = new Map<string, Sample>();
  for await (const { question, ...sample } of log.entries()) {
    // A question that reads otherwise now, such as with other examples, is asked again.
    if (hashes.get(sample.id) === question) known.set(keyOf(sample), sample);
  }
  const wanted = questions.flatMap(({ id }) =>
    Array.from({ length: count }, (_, sample) => ({ id, sample }))
  );
  const missing = wanted.filter((key) => !known.has(keyOf(key)));
  const kept = wanted.length - missing.length;
  if (missing.length > 0) {
    const progress = startProgress(task, missing.length, "answers");
    try {
      let done = 0;
      for await (const sample of protocol.ask(missing, signal)) {
        // An id is a question's.
        log.append([{ ...sample, question: hashes.get(sample.id) as string }]);
        known.set(keyOf(sample), sample);
        progress.update(++done);
        if (done % SYNC_EVERY === 0) await log.sync();
      }
    } finally {
      progress.finish();
      await log.sync();
    }
  }
  // Every key was answered.
  return { protocol, samples: wanted.map((key) => known.get(keyOf(key)) as Sample), kept };
}

function keyOf({ id, sample }: SampleKey): string {
  return JSON.stringify([id, sample]);
}
