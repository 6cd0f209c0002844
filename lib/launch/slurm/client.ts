/**
 * A client of slurmrestd, on a unix socket or over HTTPS with a token.
 *
 * A restart of slurmrestd goes unnoticed: questions are asked again. A submission is not sent twice, since one that broke off may have
 * been heard: the queue is asked for a job of its name instead.
 * @module
 */
import pRetry from "p-retry";
import type { z } from "zod";
import { RunError, UsageError } from "../../core/errors.ts";
import {
  errorsAnswer,
  isOver,
  type JobRecord,
  jobsAnswer,
  submissionAnswer,
  UNKNOWN_JOB,
} from "./answers.ts";
import { type JobRequest, submissionBody } from "./request.ts";

/** How slurmrestd is reached. */
export interface SlurmSettings {
  /** "unix:/PATH" or "https://HOST:PORT". */
  readonly endpoint: string;
  /** "v0.0.38" or later. */
  readonly version: string;
  /** Token of `scontrol token`, and whose it is; undefined: the socket knows who asks. */
  readonly token?: { readonly user: string; readonly jwt: string } | undefined;
  /** First wait before a question is asked again, in milliseconds; each further one is twice as long. */
  readonly retryDelay: number;
}

/** Attempts after the first: with a second's delay, slurmrestd may be away for half a minute. */
const RETRIES = 5;

/** An answer of slurmrestd that names errors. */
type Failures = z.output<typeof errorsAnswer>["errors"];

/** A client; it holds connections until it is disposed of. */
export class SlurmClient implements Disposable {
  readonly #settings: SlurmSettings;
  readonly #base: string;
  readonly #http: Deno.HttpClient | undefined;

  constructor(settings: SlurmSettings) {
    const { endpoint, version } = settings;
    this.#settings = settings;
    const socket = /^unix:(.+)$/.exec(endpoint)?.[1];
    this.#base = `${socket === undefined ? endpoint : "http://localhost"}/slurm/${version}`;
    if (socket !== undefined) {
      this.#http = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
    }
  }

  /**
   * Submits a job whose name no other job of its directory has that is not over.
   *
   * @returns Its id.
   * @throws {RunError} where slurmrestd refuses it or cannot be reached.
   */
  async submit(request: JobRequest, signal: AbortSignal): Promise<number> {
    try {
      const answer = await this.#ask("POST", "/job/submit", submissionAnswer, {
        body: submissionBody(request, this.#settings.version),
        retries: 0,
        signal,
      });
      this.#refuse(`the job "${request.name}"`, answer.errors);
      if (answer.job_id) return answer.job_id;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      const heard = await this.find(request, signal);
      if (heard !== undefined) return heard.array;
      throw error;
    }
    throw new RunError(`${this.#who} gave the job "${request.name}" no id.`);
  }

  /** The job of a name and directory that is not over. */
  async find({ name, directory }: Pick<JobRequest, "name" | "directory">, signal: AbortSignal) {
    const jobs = await this.jobs(signal);
    return jobs.find((job) => job.name === name && job.directory === directory && !isOver(job));
  }

  /** Every job that Slurm still knows; those that are over stay for minutes. */
  async jobs(signal: AbortSignal): Promise<JobRecord[]> {
    const { errors, jobs } = await this.#ask("GET", "/jobs", jobsAnswer, { signal });
    this.#refuse("the question for jobs", errors);
    return jobs ?? [];
  }

  /** Ends a job, or all of an array; one that is over, or that Slurm knows no longer, is left alone. */
  async cancel(id: number, signal: AbortSignal): Promise<void> {
    const { errors } = await this.#ask("DELETE", `/job/${id}`, errorsAnswer, { signal });
    this.#refuse(`to end job ${id}`, errors.filter(({ error_number }) => error_number !== UNKNOWN_JOB));
  }

  [Symbol.dispose](): void {
    this.#http?.close();
  }

  get #who(): string {
    return `slurmrestd at ${this.#settings.endpoint}`;
  }

  #refuse(what: string, errors: Failures): void {
    const [first] = errors;
    if (first === undefined) return;
    const { description, error, error_number } = first;
    const told = [...new Set([description, error])].filter((text) => text);
    throw new RunError(`${this.#who} refuses ${what}: ${told.join(": ") || `error ${error_number}`}.`);
  }

  async #ask<Answer>(
    method: string,
    path: string,
    answer: z.ZodType<Answer>,
    { body, retries = RETRIES, signal }: { body?: unknown; retries?: number; signal: AbortSignal },
  ): Promise<Answer> {
    const { token, retryDelay } = this.#settings;
    const attempt = async () => {
      let text: string, status: number;
      try {
        const response = await fetch(this.#base + path, {
          method,
          signal,
          ...(this.#http && { client: this.#http }),
          headers: {
            "content-type": "application/json",
            ...(token && { "X-SLURM-USER-NAME": token.user, "X-SLURM-USER-TOKEN": token.jwt }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        [text, status] = [await response.text(), response.status];
      } catch (error) {
        signal.throwIfAborted();
        throw new NoAnswer(
          `${this.#who} does not answer: ${error instanceof Error ? error.message : error}.`,
        );
      }
      if (status === 401 || status === 403) {
        throw new UsageError(`${this.#who} does not know who asks: SLURM_JWT is missing, wrong or too old.`);
      }
      return this.#read(text, status, answer);
    };
    return await pRetry(attempt, {
      retries,
      minTimeout: retryDelay,
      signal,
      shouldRetry: ({ error }) => error instanceof NoAnswer,
    });
  }

  #read<Answer>(text: string, status: number, answer: z.ZodType<Answer>): Answer {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new NoAnswer(`${this.#who} answers with ${status} and no JSON: ${text.slice(0, 200).trim()}.`);
    }
    const parsed = answer.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new RunError(
      `${this.#who} answers in an unknown form: ${
        issue?.path.join(".")
      }: ${issue?.message}; is it ${this.#settings.version}?`,
    );
  }
}

/** Nothing, or half an answer: another attempt may go better. */
class NoAnswer extends RunError {}
