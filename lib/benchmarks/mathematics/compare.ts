/**
 * Whether two answers are the same, whatever their spelling.
 * @module
 */
import { normalise } from "./normalise.ts";
import { Expressions } from "./expressions.ts";
import { type Reading, readings } from "./structure.ts";

/** Deeper nesting is not looked into. */
const MOST_LEVELS = 5;
/** Longer lists are compared as text only: unordered ones take n² comparisons. */
const MOST_PARTS = 64;

/**
 * Compares answers by these rules.
 *
 * - Numbers and formulas by value (decimals that agree to nine digits are equal), formulas with letters at several points.
 * - A unit counts where both have one; "%" is a unit, or a hundredth.
 * - Tuples, intervals and matrices part by part, in order, with the same brackets; sets, lists and unions in any order.
 * - "x = 5" answers 5; two equations are the same where one is a multiple of the other.
 * - "x > 2" is (2, ∞); a ± b is two answers.
 * - Words by their letters and digits, whatever their case.
 */
export class Comparison {
  readonly #expressions = new Expressions();

  /** Whether two answers, as they were written, are the same. */
  equal(answer: string, gold: string): boolean {
    return this.#equal(normalise(answer), normalise(gold), MOST_LEVELS);
  }

  #equal(a: string, b: string, levels: number): boolean {
    if (a.replaceAll(/\s/g, "") === b.replaceAll(/\s/g, "")) return a !== "";
    if (levels === 0) return false;
    let [mine, others] = [readings(a), readings(b)];
    // The right sides of two equations say too little.
    if (mine.some(isEquation) && others.some(isEquation)) {
      [mine, others] = [mine.filter(isEquation), others.filter(isEquation)];
    }
    return mine.some((x) => others.some((y) => this.#sameReading(x, y, levels - 1)));
  }

  #sameReading(a: Reading, b: Reading, levels: number): boolean {
    if (a.kind === "words" && b.kind === "words") return a.words !== "" && a.words === b.words;
    if (a.kind === "expression" && b.kind === "expression") {
      return (a.unit === null || b.unit === null || a.unit === b.unit) &&
        this.#expressions.equal(a.latex, b.latex);
    }
    if (a.kind === "sequence" && b.kind === "sequence") {
      return a.open === b.open && a.close === b.close && this.#inOrder(a.parts, b.parts, levels);
    }
    if (a.kind === "collection" && b.kind === "collection") return this.#inAnyOrder(a.parts, b.parts, levels);
    if (a.kind === "matrix" && b.kind === "matrix") {
      return a.rows.length === b.rows.length &&
        a.rows.every((row, i) => this.#inOrder(row, b.rows[i] ?? [], levels));
    }
    if (a.kind === "equation" && b.kind === "equation") {
      return a.left === b.left && this.#equal(a.right, b.right, levels) ||
        this.#expressions.equalEquations([a.left, a.right], [b.left, b.right]);
    }
    return false;
  }

  #inOrder(a: readonly string[], b: readonly string[], levels: number): boolean {
    return a.length === b.length && a.every((part, i) => this.#equal(part, b[i] ?? "", levels));
  }

  #inAnyOrder(a: readonly string[], b: readonly string[], levels: number): boolean {
    if (a.length !== b.length || a.length > MOST_PARTS) return false;
    const left = [...b];
    return a.every((part) => {
      const at = left.findIndex((other) => this.#equal(part, other, levels));
      if (at >= 0) left.splice(at, 1);
      return at >= 0;
    });
  }
}

function isEquation({ kind }: Reading): boolean {
  return kind === "equation";
}
