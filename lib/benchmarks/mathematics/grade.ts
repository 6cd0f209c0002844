/**
 * Grades answers to mathematical problems.
 *
 * What a text answers is found by `extractAnswer`, whether two answers are the same by the rules of `Comparison`. The computer
 * algebra system may take for ever on what a model writes, so it runs in a process that is killed at the time limit; it serves all
 * gradings until then.
 * @module
 */
import { Comparer } from "./comparer.ts";
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

/** Grades with a process of its own, which starts when it is first needed and ends when this is disposed of. Gradings queue. */
export class MathematicsGrader implements AsyncDisposable {
  readonly #timeLimit: number;
  #comparer: Promise<Comparer> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** @param timeLimit Of one comparison, in milliseconds. */
  constructor(timeLimit: number = TIME_LIMIT) {
    this.#timeLimit = timeLimit;
  }

  /**
   * Grades a solution or a bare answer.
   *
   * @param gold The right answer: bare, in a `\boxed{}`, or after "####".
   * @throws {RunError} where the process fails.
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
    await (this.#comparer ??= Comparer.start());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const comparer = await this.#comparer;
    this.#comparer = undefined;
    await comparer?.[Symbol.asyncDispose]();
  }

  /** Undefined: the time limit came first. */
  async #compare(answer: string, gold: string): Promise<boolean | undefined> {
    const comparer = await (this.#comparer ??= Comparer.start());
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, this.#timeLimit, undefined);
    const result = comparer.equal(answer, gold);
    try {
      const equal = await Promise.race([result, late]);
      if (equal !== undefined) return equal;
      // The question that it was at is nobody's any more.
      result.catch(() => {});
      await this[Symbol.asyncDispose]();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
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
