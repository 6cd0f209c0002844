/**
 * Our own word problems, as many as wanted: the n-th is a function of (seed, split, n).
 * @module
 */
import { Random } from "../../core/random.ts";
import { firstStep, type Operation, type Scene, type Split, TEMPLATES } from "./templates.ts";

/** A problem in two steps, and its solution. */
export interface WordProblem {
  /** Of its template. */
  readonly template: string;
  /** What happens, without the question. */
  readonly story: string;
  readonly question: string;
  /** The two steps, a sentence each. */
  readonly steps: readonly [string, string];
  /** A whole number above 0. */
  readonly answer: number;
}

const NAMES = [
  ...["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gita", "Hugo", "Ida", "Jon"],
  ...["Kim", "Leo", "Maya", "Nils", "Olga", "Paul", "Rosa", "Sam", "Tom", "Vera"],
];
const THINGS = [
  ...["apples", "pens", "stamps", "coins", "shells", "books", "cards", "stones"],
  ...["beads", "cups", "nuts", "plums", "pins", "toys", "buttons", "tickets"],
];

/** Numbers added or taken away are at most this. */
const LARGEST_TERM = 40;
/** Factors and divisors are at most this, and 2 at least. */
const LARGEST_FACTOR = 9;
/** So is no number in a problem. */
const LARGEST_NUMBER = 99;

/**
 * The problem of a number.
 *
 * @param index Whole number from 0.
 *
 * @example
 * ```ts
 * import { wordProblem } from "./problem.ts";
 * import assert from "node:assert/strict";
 * const problem = wordProblem("training", 1, 0);
 * assert.ok(problem.steps[1].includes(` = ${problem.answer} `));
 * assert.deepEqual(problem, wordProblem("training", 1, 0));
 * ```
 */
export function wordProblem(split: Split, seed: number, index: number): WordProblem {
  const random = Random.of(seed, "word problem", split, index);
  const { name: template, beginning, end } = pick(TEMPLATES[split], random.uniform(0));
  const [first, middle, second, third, answer] = numbers(beginning.operation, end.operation, random);
  const scene: Scene = {
    name: pick(NAMES, random.uniform(1)),
    things: pick(THINGS, random.uniform(2)),
    first,
    second,
    third,
  };
  return {
    template,
    story: `${beginning.story(scene)} ${end.story(scene)}`,
    question: end.question(scene),
    steps: [
      firstStep(scene, `${first} ${beginning.operation} ${second} = ${middle}`),
      end.step(scene, `${middle} ${end.operation} ${third} = ${answer}`),
    ],
    answer,
  };
}

/** What somebody is asked. */
export function problemText({ story, question }: WordProblem): string {
  return `${story} ${question}`;
}

/** The worked solution, ended as GSM8K's are. */
export function solutionText({ steps, answer }: WordProblem): string {
  return `${steps.join("\n")}\n#### ${answer}`;
}

/** A whole number that a step's second operand may be. */
function operand(operation: Operation, uniform: number): number {
  const largest = operation === "+" || operation === "-" ? LARGEST_TERM : LARGEST_FACTOR;
  return 2 + Math.floor(uniform * (largest - 1));
}

/** Applies an operation; NaN where the result is no whole number from 1 to the largest. */
function apply(a: number, operation: Operation, b: number): number {
  const result = operation === "+" ? a + b : operation === "-" ? a - b : operation === "*" ? a * b : a / b;
  return Number.isInteger(result) && result >= 1 && result <= LARGEST_NUMBER ? result : NaN;
}

/** Draws until every number is a whole one in range. Numbers 3, 4, … of the stream. */
function numbers(
  beginning: Operation,
  end: Operation,
  random: Random,
): [number, number, number, number, number] {
  for (let at = 3;; at += 3) {
    const first = operand(beginning, random.uniform(at));
    const second = operand(beginning, random.uniform(at + 1));
    const third = operand(end, random.uniform(at + 2));
    const middle = apply(first, beginning, second);
    const answer = apply(middle, end, third);
    if (!Number.isNaN(answer)) return [first, middle, second, third, answer];
  }
}

function pick<T>(items: readonly T[], uniform: number): T {
  return items[Math.floor(uniform * items.length)] as T; // uniform is below 1.
}
