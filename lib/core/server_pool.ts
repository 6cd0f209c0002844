/**
 * OpenAI-compatible servers (vLLM, llama.cpp, a hosted service) that share the requests for one model.
 *
 * Each has a bounded number of requests under way. One that fails rests, 1, 2, 4 … times the delay or as long as it asks (Retry-After);
 * its request goes to another meanwhile. Where there are several, one comes in, or back, once it lists its models (GET /v1/models).
 * @module
 */
import OpenAI, { APIError } from "openai";
import { RunError, UsageError } from "./errors.ts";
import { BrokenAnswer, isTransient, retryAfter } from "./server_request.ts";

/** Where the servers are, and how they are asked. */
export interface ServerSettings {
  /** Up to and including "/v1"; several with commas between them. */
  readonly baseUrl: string;
  readonly model: string;
  /** Absent: none, as local servers take it. */
  readonly apiKey?: string;
  /** Requests under way at once, at each server. */
  readonly concurrency: number;
  /** An answer that takes longer counts as failed; in milliseconds. */
  readonly timeout: number;
  /** A failed request is sent again so many times; so many failures in a row more than this, and a server counts as gone. */
  readonly retries: number;
  /** A server's rest after its first failure, in milliseconds. */
  readonly retryDelay: number;
}

/** One request. */
export interface Question<Answer> {
  /** What it is about, for errors. */
  readonly subject: string;
  /** Sends it, through a client whose own retries are off: they do not see broken answers. */
  request(client: OpenAI, signal: AbortSignal): Promise<unknown>;
  /**
   * What the answer says; throws a {@link BrokenAnswer} where it is none.
   *
   * @param who Names model and server in errors.
   */
  read(answer: unknown, who: string): Answer;
}

/** Longest rest that a server did not ask for. */
const MAX_REST_MS = 60_000;

/** A server that lists its models later than this is not well. */
const CHECK_TIMEOUT_MS = 10_000;

interface Server {
  readonly client: OpenAI;
  /** Names model and server in errors. */
  readonly who: string;
  underWay: number;
  /** In a row. */
  failures: number;
  lastError: string;
  /** In the time of performance.now(). */
  restsUntil: number;
  /** Whether it has to list its models before it is asked. */
  unchecked: boolean;
  /** Whether it is listing them. */
  checking: boolean;
}

/** The servers. */
export class ServerPool {
  /** Model and addresses, whatever their order: "MODEL at ADDRESS, ADDRESS". */
  readonly name: string;
  /** Requests under way at once, at all servers. */
  readonly slots: number;
  readonly #settings: ServerSettings;
  readonly #servers: readonly Server[];
  readonly #waiting = new Set<() => void>();

  /**
   * @param role What the servers are to the caller, for errors: "judge".
   * @throws {UsageError} for an address that is none, and a number out of range.
   */
  constructor(role: string, settings: ServerSettings) {
    for (const name of ["concurrency", "timeout"] as const) {
      if (!Number.isSafeInteger(settings[name]) || settings[name] < 1) {
        throw new UsageError(`${name} is ${settings[name]}, expected a whole number above 0.`);
      }
    }
    if (!Number.isSafeInteger(settings.retries) || settings.retries < 0) {
      throw new UsageError(`retries is ${settings.retries}, expected a whole number from 0.`);
    }
    const { model, apiKey = "none", timeout, concurrency } = settings;
    const addresses = [...new Set(settings.baseUrl.split(",").map((address) => address.trim()))].sort();
    this.#settings = settings;
    this.#servers = addresses.map((baseURL) => {
      if (!/^https?:/.test(baseURL) || !URL.canParse(baseURL)) {
        throw new UsageError(
          `The ${role}'s address is "${baseURL}", expected a URL such as http://localhost:8000/v1.`,
        );
      }
      return {
        client: new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout, logLevel: "off" }),
        who: `${role.replace(/^./, (first) => first.toUpperCase())} ${model} at ${baseURL}`,
        underWay: 0,
        failures: 0,
        lastError: "",
        restsUntil: 0,
        unchecked: addresses.length > 1,
        checking: false,
      };
    });
    this.name = `${model} at ${addresses.join(", ")}`;
    this.slots = concurrency * addresses.length;
  }

  /**
   * Asks one of the servers, and again while that may help. Waits while all are busy or resting.
   *
   * @throws {UsageError} where a server refuses the request, or `read` throws one.
   * @throws {RunError} where the last attempt failed too, or no server is left.
   */
  async ask<Answer>(question: Question<Answer>, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1;; attempt++) {
      const server = await this.#take(question.subject, signal);
      try {
        const answer = question.read(await send(question, server, signal), server.who);
        server.failures = 0;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Error) || error instanceof UsageError) throw error;
        if (!isTransient(error)) {
          if (!(error instanceof APIError)) throw error;
          throw new UsageError(`${server.who} refuses the request (${question.subject}): ${error.message}`);
        }
        this.#rest(server, error);
        if (attempt > this.#settings.retries) {
          throw new RunError(
            `${server.who} failed at attempt ${attempt} (${question.subject}): ${error.message}`,
          );
        }
      } finally {
        this.#release(server);
      }
    }
  }

  /** A place at the least busy server that is well, once there is one. */
  async #take(subject: string, signal: AbortSignal): Promise<Server> {
    for (;;) {
      signal.throwIfAborted();
      const now = performance.now();
      const [server] = this.#servers
        .filter(({ underWay, restsUntil, checking }) =>
          underWay < this.#settings.concurrency && restsUntil <= now && !checking
        )
        .sort((a, b) => a.underWay - b.underWay);
      if (server !== undefined) {
        server.underWay++;
        if (!server.unchecked || await this.#check(server, signal)) {
          this.#wake();
          return server;
        }
        this.#release(server);
        continue;
      }
      if (this.#servers.every(({ failures }) => failures > this.#settings.retries)) {
        const ends = this.#servers.map(({ who, lastError }) => `${who} failed: ${lastError}`);
        throw new RunError(`No server is left for ${subject}: ${ends.join("; ")}`);
      }
      await this.#change(signal);
    }
  }

  /** Whether a server lists its models; one that refuses to is there too. */
  async #check(server: Server, signal: AbortSignal): Promise<boolean> {
    server.checking = true;
    try {
      await send(
        { request: (client) => client.models.list({ signal, timeout: CHECK_TIMEOUT_MS }) },
        server,
        signal,
      );
      server.unchecked = false;
    } catch (error) {
      if (signal.aborted || !(error instanceof Error)) return false;
      if (isTransient(error)) this.#rest(server, error);
      else server.unchecked = false;
    } finally {
      server.checking = false;
    }
    return !server.unchecked;
  }

  /** Asks a server nothing for a while. What fails while it rests was sent before, and is the same failure. */
  #rest(server: Server, error: Error): void {
    const now = performance.now();
    if (server.restsUntil <= now) {
      server.failures++;
      server.restsUntil = now +
        Math.min(MAX_REST_MS, this.#settings.retryDelay * 2 ** (server.failures - 1));
    }
    server.restsUntil = Math.max(server.restsUntil, now + retryAfter(error));
    server.lastError = error.message;
    server.unchecked = this.#servers.length > 1;
  }

  #release(server: Server): void {
    server.underWay--;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** The next moment at which a server may have a place: a request or a check ends, a rest ends, or the signal aborts. */
  async #change(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const now = performance.now();
    const rests = this.#servers.map(({ restsUntil }) => restsUntil - now).filter((rest) => rest > 0);
    const wake = () => resolve();
    const timer = rests.length === 0 ? undefined : setTimeout(wake, Math.ceil(Math.min(...rests)));
    this.#waiting.add(wake);
    signal.addEventListener("abort", wake);
    await promise;
    signal.removeEventListener("abort", wake);
    this.#waiting.delete(wake);
    clearTimeout(timer);
  }
}

async function send(
  { request }: Pick<Question<unknown>, "request">,
  { client }: Server,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await request(client, signal);
  } catch (error) {
    if (signal.aborted || error instanceof APIError) throw error;
    // The connection closed within the answer, or the answer was no JSON.
    throw new BrokenAnswer(`the answer broke off: ${error instanceof Error ? error.message : error}`);
  }
}
