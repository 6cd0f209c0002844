/**
 * Equality of formulas through a computer algebra system.
 * @module
 */
import { ComputeEngine, type Expression } from "@cortex-js/compute-engine";
import { equalFractions, fractionOf } from "./numbers.ts";

/** Values that differ by less than this share of the larger are equal: nine digits of a decimal are as good as the number. */
const TOLERANCE = 1e-9;

/** Where formulas with letters are compared: both signs, nothing special. The k-th letter takes every k-th value onwards. */
const POINTS = [0.7316, -1.3871, 2.2193, -0.4127, 3.1718, 1.6449, -2.6651, 0.2873];
/** Points with a finite value at both formulas that make them equal. */
const ENOUGH_POINTS = 3;

/** Letters that the engine takes for functions or sets of its own. */
const TAKEN = /(?<![a-zA-Z\\_{])([CDGINSO])(?![a-zA-Z_])/g;

/** Compares formulas. What one comparison says of a letter, such as that it is a function, is forgotten before the next. */
export class Expressions {
  readonly #engine = new ComputeEngine();

  /** Whether two formulas in LaTeX have the same value, wherever their letters' values let them have one. */
  equal(a: string, b: string): boolean {
    if (withoutSpace(a) === withoutSpace(b)) return true;
    const exact = fractionOf(a), other = fractionOf(b);
    if (exact !== undefined && other !== undefined) return equalFractions(exact, other);
    return this.#alone(() => {
      const left = this.#parse(a), right = this.#parse(b);
      return left !== undefined && right !== undefined && this.#same(left, right);
    });
  }

  /** Whether two equations have the same solutions: their differences of sides have a constant ratio. */
  equalEquations(a: readonly [string, string], b: readonly [string, string]): boolean {
    return this.#alone(() => {
      const [left, right] = [a, b].map(([above, below]) => this.#parse(`(${above})-(${below})`));
      if (left === undefined || right === undefined) return false;
      const ratios = valuesAt(left, right).map(([x, y]) => divide(x, y));
      const [first] = ratios;
      return first !== undefined && ratios.length >= ENOUGH_POINTS && modulus(first) > TOLERANCE &&
        ratios.every((ratio) => close(ratio, first));
    });
  }

  /** Compares in a scope of its own. */
  #alone(compare: () => boolean): boolean {
    this.#engine.pushScope();
    try {
      return compare();
    } finally {
      this.#engine.popScope();
    }
  }

  #parse(latex: string): Expression | undefined {
    const parsed = this.#engine.parse(latex.replaceAll(TAKEN, "$1_0"));
    return parsed.isValid && latex !== "" ? parsed : undefined;
  }

  #same(left: Expression, right: Expression): boolean {
    if (left.isSame(right)) return true;
    if (left.unknowns.length === 0 && right.unknowns.length === 0) {
      const x = left.evaluate(), y = right.evaluate();
      if (x.isSame(y)) return true;
      if (x.isRational === true && y.isRational === true && isExact(x) && isExact(y)) return false;
      const values = [complex(left.N()), complex(right.N())] as const;
      return isFinite(values[0]) && isFinite(values[1]) && modulus(values[0]) > 0 && close(...values);
    }
    const values = valuesAt(left, right);
    return values.length >= ENOUGH_POINTS && values.every(([x, y]) => close(x, y));
  }
}

/** Values of two formulas at the same points, where both have one. */
function valuesAt(left: Expression, right: Expression): [Complex, Complex][] {
  const letters = [...new Set([...left.unknowns, ...right.unknowns])].sort();
  return POINTS.flatMap((_, start): [Complex, Complex][] => {
    const point = Object.fromEntries(
      letters.map((letter, k) => [letter, POINTS[(start + k * 3) % POINTS.length] as number]),
    );
    const values: [Complex, Complex] = [complex(left.subs(point).N()), complex(right.subs(point).N())];
    return values.every(isFinite) ? [values] : [];
  });
}

type Complex = readonly [re: number, im: number];

function complex(value: Expression): Complex {
  return [value.re, value.im];
}

function isFinite([re, im]: Complex): boolean {
  return Number.isFinite(re) && Number.isFinite(im);
}

function modulus([re, im]: Complex): number {
  return Math.hypot(re, im);
}

function close(a: Complex, b: Complex): boolean {
  return Math.hypot(a[0] - b[0], a[1] - b[1]) <= TOLERANCE * Math.max(modulus(a), modulus(b));
}

function divide([a, b]: Complex, [c, d]: Complex): Complex {
  const scale = c * c + d * d;
  return [(a * c + b * d) / scale, (b * c - a * d) / scale];
}

/** A fraction of whole numbers, not a float. */
function isExact(value: Expression): boolean {
  return JSON.stringify(value.json).includes(".") === false;
}

function withoutSpace(latex: string): string {
  return latex.replaceAll(/\s+/g, "");
}
