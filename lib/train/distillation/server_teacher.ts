/**
 * A teacher behind servers that speak OpenAI's completions and give the log-probabilities of the prompt, as vLLM does
 * (`prompt_logprobs`, at most its `--max-logprobs`, 20 by default).
 *
 * Log-probabilities are logits less a constant of their row, so what is true of logits is true of them: temperature and
 * renormalisation over the top k need no more.
 * @module
 */
import { ServerPool, type ServerSettings } from "../../core/server_pool.ts";
import type { Batch } from "../../shards/batch.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import { readPromptLogprobs } from "./prompt_logprobs.ts";
import type { TeacherLogits, TeacherModel } from "./teacher.ts";
import { teacherIdentity } from "./teacher_identity.ts";

/** Where the servers are, and how they are asked. */
export interface ServerTeacherSettings extends ServerSettings {
  /** k: log-probabilities of each position. */
  readonly topK: number;
  /** The student's: the server's has to give the same ids. */
  readonly tokenizer: Tokenizer;
}

/** Where to begin; what a server bears is its own affair. */
export const SERVER_TEACHER = {
  concurrency: 8,
  retries: 6,
  retryDelay: 1000,
  timeout: 300_000,
} as const satisfies Partial<ServerTeacherSettings>;

/** A part of a batch's row within one document: what attention sees together. */
interface Segment {
  /** First position in the batch. */
  readonly from: number;
  /** Its tokens, and the target of the last: a prompt's last position has no log-probabilities otherwise. */
  readonly prompt: readonly number[];
}

/**
 * The teacher. Its errors: `UsageError` where a server refuses the request, gives no log-probabilities of the prompt, or has another
 * vocabulary; `RunError` where a request fails for good.
 *
 * @throws {UsageError} for an address that is none, and a setting out of range.
 */
export async function openServerTeacher(settings: ServerTeacherSettings): Promise<TeacherModel> {
  const { baseUrl, model, topK, tokenizer } = settings;
  const pool = new ServerPool("teacher", settings);
  const ask = (prompt: readonly number[], subject: string, signal: AbortSignal) => {
    // prompt_logprobs is vLLM's own.
    const body = { model, prompt: [...prompt], max_tokens: 1, temperature: 0, prompt_logprobs: topK };
    return pool.ask({
      subject,
      request: (client, signal) => client.completions.create(body, { signal }),
      read: (answer, who) => readPromptLogprobs(answer, { who, prompt, topK, tokenizer }),
    }, signal);
  };
  return {
    name: await teacherIdentity(baseUrl, model),
    vocabularySize: tokenizer.vocabularySize,
    topK,
    async logits(batch, step, signal): Promise<TeacherLogits> {
      const positions = batch.sequences * batch.length;
      const logits = new Float32Array(positions * topK), ids = new Uint32Array(positions * topK);
      const stop = new AbortController();
      const signals = AbortSignal.any([signal, stop.signal]);
      await Promise.allSettled(
        segmentsOf(batch).map(async ({ from, prompt }) => {
          try {
            const found = await ask(prompt, `step ${step}, position ${from}`, signals);
            logits.set(found.logits, from * topK);
            ids.set(found.ids, from * topK);
          } catch (error) {
            // What fails for good for one would fail for the others.
            stop.abort(error);
          }
        }),
      );
      signals.throwIfAborted();
      return { logits, ids };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The parts of a batch that attention does not cross. */
function segmentsOf({ sequences, length, tokens, targets, documents }: Batch): Segment[] {
  const segments: Segment[] = [];
  for (let from = 0, to = 1; to <= sequences * length; to++) {
    if (to % length !== 0 && documents[to] === documents[from]) continue;
    // The segment ends before `to`, inside the batch.
    segments.push({ from, prompt: [...tokens.subarray(from, to), targets[to - 1] as number] });
    from = to;
  }
  return segments;
}
