/**
 * Answers that someone else's program wrote: JSON Lines of {task, id, answer}, a line for each sample, in the order of samples.
 * @module
 */
import { z } from "zod";
import { hashFile } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { parseRecord, readRecords } from "../benchmarks/records.ts";
import { type Answer, type AnswerRequest, cutAtStop, type Indexed, type System } from "./system.ts";

const line = z.object({ task: z.string(), id: z.string(), answer: z.string() });

/**
 * A system that answers from a file. It is named by the file's content: an altered file is another system.
 *
 * @throws {UsageError} where the file is missing or a line is not as described.
 */
export async function answersFile(path: string): Promise<System> {
  const answers = new Map<string, string[]>();
  for await (const record of readRecords(path)) {
    const { task, id, answer } = parseRecord(record, line);
    const key = keyOf(task, id);
    answers.set(key, [...(answers.get(key) ?? []), answer]);
  }
  const { sha256 } = await hashFile(path);
  async function* all(requests: readonly AnswerRequest[]): AsyncGenerator<Indexed<Answer>> {
    for (const [index, { task, id, sample, stop }] of requests.entries()) {
      const own = answers.get(keyOf(task, id)) ?? [];
      const text = own[sample];
      if (text === undefined) {
        throw new UsageError(
          `${path} has ${own.length} answers to ${task}, item "${id}", expected at least ${sample + 1}.`,
        );
      }
      yield { index, text: cutAtStop(text, stop), tokens: null, finish: "stop" };
    }
  }
  return {
    name: `answers ${sha256.slice(0, 16)}`,
    answers: all,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function keyOf(task: string, id: string): string {
  return JSON.stringify([task, id]);
}
