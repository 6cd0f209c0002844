/**
 * Grades answers to mathematical problems.
 *
 * What a text answers is found by `extractAnswer`, whether two answers are the same by the rules of `Comparison`. The computer
 * algebra system may take for ever on what a model writes, so it runs in a worker that is ended at the time limit; the worker
 * serves all gradings until then.
 * @module
 */
import { Worker } from "node:worker_threads";
import { RunError } from "../../core/errors.ts";
import { boxed, extractAnswer, MOST_CHARACTERS } from "./extract.ts";
import { normalise } from "./normalise.ts";
import { equalFractions, fractionOf } from "./numbers.ts";

/** What became of an answer. */
export interface Grade {
  readonly correct: boolean;
  /** What was taken for the answer; null: nothing in the text looks like one. */
  readonly extracted: string | null;
  /** Why it is wrong where that is not plain from the two answers: "no answer", "time limit". */
  readonly reason?: "no answer" | "time limit";
}

/** How long a comparison may take, in milliseconds, once the algebra system is loaded (about 1 s, once). */
export const TIME_LIMIT = 3000;

/** Grades with a worker of its own, which ends when this is disposed of. Gradings queue. */
export class MathematicsGrader implements Disposable {
  readonly #timeLimit: number;
  #worker: Worker | undefined;
  #ready: Promise<unknown> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** @param timeLimit Of one comparison, in milliseconds. */
  constructor(timeLimit: number = TIME_LIMIT) {
    this.#timeLimit = timeLimit;
  }

  /**
   * Grades a solution or a bare answer.
   *
   * @param gold The right answer: bare, in a `\boxed{}`, or after "####".
   * @throws {RunError} where the worker fails.
   */
  async grade(answer: string, gold: string): Promise<Grade> {
    const extracted = extractAnswer(answer);
    if (extracted === null) return { correct: false, extracted, reason: "no answer" };
    const right = goldAnswer(gold);
    if (extracted.length > MOST_CHARACTERS) return { correct: false, extracted };
    const fast = compareNumbers(extracted, right);
    if (fast !== undefined) return { correct: fast, extracted };
    const turn = this.#queue.then(() => this.#compare(extracted, right));
    this.#queue = turn.catch(() => {});
    const correct = await turn;
    return correct === undefined
      ? { correct: false, extracted, reason: "time limit" }
      : { correct, extracted };
  }

  /** Loads the algebra system now, instead of at the first grading that needs it. */
  async prepare(): Promise<void> {
    await this.#started();
  }

  [Symbol.dispose](): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** Undefined: the time limit came first. */
  async #compare(answer: string, gold: string): Promise<boolean | undefined> {
    const worker = await this.#started();
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, this.#timeLimit, undefined);
    const result = message(worker);
    worker.postMessage([answer, gold]);
    try {
      const equal = await Promise.race([result, late]);
      if (equal !== undefined) return equal === true;
      this[Symbol.dispose]();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  async #started(): Promise<Worker> {
    if (this.#worker === undefined) {
      this.#worker = new Worker(new URL("./comparison_worker.ts", import.meta.url));
      this.#ready = message(this.#worker);
    }
    // A process that is done does not wait for it; while an answer is awaited, it does.
    const worker = this.#worker;
    worker.ref();
    await this.#ready;
    return worker;
  }
}

const shared = new MathematicsGrader();

/**
 * Grades with a worker that all callers share; it does not keep a process from ending.
 *
 * @example
 * ```ts
 * import { gradeMathematics } from "./grade.ts";
 * import assert from "node:assert/strict";
 * const grade = await gradeMathematics("She earns 9 * 2 = $18 a day.\n#### 18", "18.00");
 * assert.deepEqual(grade, { correct: true, extracted: "18" });
 * ```
 */
export async function gradeMathematics(answer: string, gold: string): Promise<Grade> {
  return await shared.grade(answer, gold);
}

/** The answer of a gold solution: in its last box, after "####", or all of it. */
export function goldAnswer(gold: string): string {
  const marked = gold.lastIndexOf("####");
  return boxed(gold) ?? (marked >= 0 ? gold.slice(marked + 4) : gold).trim();
}

/** Decides what needs no algebra; undefined: the worker has to. */
function compareNumbers(answer: string, gold: string): boolean | undefined {
  const [a, b] = [normalise(answer), normalise(gold)];
  if (a === b) return true;
  const [x, y] = [fractionOf(a), fractionOf(b)];
  // "1,200" may also be a list.
  if (x === undefined || y === undefined || /,/.test(a + b)) return undefined;
  return equalFractions(x, y);
}

/** The next message of a worker. */
async function message(worker: Worker): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const failed = (error: Error) => reject(new RunError(`The grader's worker failed: ${error.message}.`));
  worker.once("message", resolve);
  worker.once("error", failed);
  try {
    return await promise;
  } finally {
    worker.off("message", resolve);
    worker.off("error", failed);
    worker.unref();
  }
}
