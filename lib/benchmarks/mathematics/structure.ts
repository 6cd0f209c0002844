/**
 * How an answer is built: a number with its unit, a list, a tuple or an interval, a matrix, an equation, words.
 * @module
 */

/** One way to read an answer; parts are LaTeX again. */
export type Reading =
  | { readonly kind: "words"; readonly words: string }
  | { readonly kind: "expression"; readonly latex: string; readonly unit: string | null }
  /** Ordered, in the given brackets: points, vectors, intervals. */
  | {
    readonly kind: "sequence";
    readonly open: string;
    readonly close: string;
    readonly parts: readonly string[];
  }
  /** Unordered: sets, lists of solutions, the intervals of a union. */
  | { readonly kind: "collection"; readonly parts: readonly string[] }
  /** Rows of cells. */
  | { readonly kind: "matrix"; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "equation"; readonly left: string; readonly right: string };

/** Letters and what stands between words; no formula but a product of letters. */
const PLAIN_WORDS = /^[(]?[A-Za-z][A-Za-z .,'’()]*$/;

/** Words without their case; a single letter may be a name in a formula, where case counts. */
function letters(words: string): string {
  const plain = words.replaceAll(/[^A-Za-z0-9]/g, "");
  return plain.length === 1 ? plain : plain.toLowerCase();
}

/** Every way to read a normalised answer; the readings of two equal answers have a pair in common. */
export function readings(latex: string): Reading[] {
  const found: Reading[] = [];
  const text = /^\\text\{([^{}]*)\}$/.exec(latex)?.[1];
  if (text !== undefined && /[A-Za-z]/.test(text) || PLAIN_WORDS.test(latex)) {
    found.push({ kind: "words", words: letters(text ?? latex) });
  }
  if (text !== undefined) return [...found, ...readings(text.trim())];

  const matrix = matrixRows(latex);
  if (matrix !== undefined) return [{ kind: "matrix", rows: matrix }];
  const union = splitTop(latex, /\\cup(?![a-zA-Z])/y);
  if (union.length > 1) return [{ kind: "collection", parts: union }];
  const list = splitTop(latex, /,/y);
  if (list.length > 1) {
    found.push({ kind: "collection", parts: list });
    if (/^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)/.test(latex)) {
      found.push(...expressions(latex.replaceAll(",", "")));
    }
    return found;
  }
  const inner = bracketed(latex);
  if (inner !== undefined) {
    const parts = splitTop(inner.content, /,/y);
    if (inner.open === "\\{") return [{ kind: "collection", parts }];
    if (parts.length > 1) return [{ kind: "sequence", open: inner.open, close: inner.close, parts }];
    // "(3)" is 3.
    if (inner.open === "(") return [...found, ...readings(inner.content)];
  }
  const interval = intervalOf(latex);
  if (interval !== undefined) return [interval];
  const sides = splitTop(latex, /=/y);
  const [left, right] = sides;
  if (sides.length > 1 && left !== undefined && right !== undefined) {
    if (sides.length === 2) found.push({ kind: "equation", left, right });
    // "x = 5" answers with 5, "6 · 7 = 42" with 42.
    return [...found, ...readings(sides.at(-1) ?? right)];
  }
  const choices = plusMinus(latex);
  if (choices !== undefined) found.push({ kind: "collection", parts: choices });
  return [...found, ...expressions(latex)];
}

/** Splits outside all brackets, at what a sticky pattern matches; parts are trimmed. */
export function splitTop(latex: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let depth = 0, start = 0;
  for (let i = 0; i < latex.length; i++) {
    const environment = /\\(?:begin|end)(?=\{)/y;
    environment.lastIndex = i;
    const name = environment.exec(latex)?.[0];
    separator.lastIndex = i;
    const match = depth === 0 ? separator.exec(latex) : null;
    if (match !== null) {
      parts.push(latex.slice(start, i).trim());
      i += match[0].length - 1;
      start = i + 1;
    } else if (name !== undefined) {
      depth += name === "\\begin" ? 1 : -1;
      i += name.length - 1;
    } else if (latex[i] === "\\") {
      const escaped = latex.slice(i, i + 7);
      if (escaped.startsWith("\\{") || escaped === "\\langle") depth++;
      if (escaped.startsWith("\\}") || escaped === "\\rangle") depth--;
      i++;
    } else if ("([{".includes(latex[i] ?? " ")) depth++;
    else if (")]}".includes(latex[i] ?? " ")) depth--;
  }
  parts.push(latex.slice(start).trim());
  return parts;
}

/** The brackets around a whole text and what is in them. */
function bracketed(latex: string): { open: string; close: string; content: string } | undefined {
  const match = /^(\\\{|\\langle|[(\[<])(.*)(\\\}|\\rangle|[)\]>])$/s.exec(latex);
  const [, open, content, close] = match ?? [];
  if (open === undefined || content === undefined || close === undefined) return undefined;
  if ((open === "<") !== (close === ">")) return undefined;
  // Closes only at the end: not "(1)(2)".
  let depth = 0;
  for (const [at] of content.matchAll(/\\.|[(\[{}\])]/gs)) {
    if (at === "\\{" || at === "\\l" || "([{".includes(at)) depth++;
    else if (at === "\\}" || at === "\\r" || ")]}".includes(at)) depth--;
    if (depth < 0) return undefined;
  }
  const plain = (bracket: string) => bracket.replace("\\langle", "<").replace("\\rangle", ">");
  return { open: plain(open), close: plain(close), content: content.trim() };
}

function matrixRows(latex: string): string[][] | undefined {
  const body = /^\\begin\{([pbBvV]?matrix|array)\}(?:\s*\{[^{}]*\})?(.*)\\end\{\1\}$/s.exec(latex)?.[2];
  if (body === undefined) return undefined;
  return body.split("\\\\").map((row) => row.trim()).filter((row) => row !== "")
    .map((row) => row.split("&").map((cell) => cell.trim()));
}

const RELATION = /\\le(?![a-zA-Z])|\\ge(?![a-zA-Z])|[<>]/;

/** "x > 2" is (2, ∞), "1 < x ≤ 3" is (1, 3], "x ∈ A" is A: for one letter x. */
function intervalOf(latex: string): Reading | undefined {
  const member = /^(?:\\?[a-zA-Z]+)\s*\\in(?![a-zA-Z])\s*(.+)$/.exec(latex)?.[1];
  if (member !== undefined) return readings(member)[0];
  const relations = latex.match(new RegExp(RELATION, "g")) ?? [];
  const sides = latex.split(RELATION).map((side) => side.trim());
  const isLetter = (side: string | undefined) =>
    /^(?:[a-zA-Z]|\\[a-z]+)$/.test(side ?? "") && side !== "\\infty";
  const flipped = (relation: string) => relation.includes("g") || relation === ">";
  const strict = (relation: string | undefined) => relation === "<" || relation === ">";
  let [low, middle, high] = sides;
  if (relations.length === 1) {
    if (isLetter(sides[0])) [low, middle, high] = [undefined, sides[0], sides[1]];
    else [low, middle, high] = [sides[0], sides[1], undefined];
  }
  const [first = "", second = first] = relations;
  if (relations.length < 1 || relations.length > 2 || !isLetter(middle)) return undefined;
  if (flipped(first) !== flipped(second)) return undefined;
  let ends = [
    { value: low ?? "-\\infty", open: low === undefined || strict(first) },
    { value: high ?? "\\infty", open: high === undefined || strict(second) },
  ] as const;
  if (flipped(first)) {
    ends = [
      { value: high ?? "-\\infty", open: ends[1].open },
      { value: low ?? "\\infty", open: ends[0].open },
    ];
  }
  return {
    kind: "sequence",
    open: ends[0].open ? "(" : "[",
    close: ends[1].open ? ")" : "]",
    parts: [ends[0].value, ends[1].value],
  };
}

/** a ± b is a + b and a − b. */
function plusMinus(latex: string): string[] | undefined {
  if (!/\\pm(?![a-zA-Z])/.test(latex)) return undefined;
  return ["+", "-"].map((sign) => latex.replaceAll(/\\pm(?![a-zA-Z])/g, sign).replace(/^\+\s*/, ""));
}

/** A number or a formula, with a unit where it ends in one. */
function expressions(latex: string): Reading[] {
  const base = /^(-?[0-9A-F.]+)\s*_\s*(?:\{\s*(\d+)\s*\}|(\d+))$/.exec(latex);
  const [, digits, inBraces, plain] = base ?? [];
  if (digits !== undefined) return [{ kind: "expression", latex: digits, unit: `base ${inBraces ?? plain}` }];
  const plainReading: Reading = { kind: "expression", latex, unit: null };
  const power = String.raw`(?:\s*\^\s*\{?\s*([23])\s*\}?)?`;
  const named = new RegExp(String.raw`^(.*?[\w)}\]!])\s*((?:\\text\{[^{}]*\}\s*)+)${power}$`, "s").exec(
    latex,
  );
  const spelled = new RegExp(
    String.raw`^(.*?[\d)}\]!])\s*((?:[a-zA-Z]{2,}[. ]*)+|(?<= )[mgshL])${power}$`,
    "s",
  ).exec(
    latex,
  );
  const [, value, unit, exponent] = named ?? spelled ?? [];
  if (value === undefined || unit === undefined) return [plainReading];
  const withUnit: Reading = { kind: "expression", latex: value.trim(), unit: unitName(unit, exponent) };
  // "2 xy" may be a product; \text{…} is none.
  if (named === null) return [withUnit, plainReading];
  return withUnit.unit === "percent"
    ? [withUnit, { kind: "expression", latex: `\\frac{${withUnit.latex}}{100}`, unit: null }]
    : [withUnit];
}

const SHORT_UNITS: Readonly<Record<string, string>> = {
  centimeter: "cm",
  centimetre: "cm",
  meter: "m",
  metre: "m",
  kilometer: "km",
  kilometre: "km",
  millimeter: "mm",
  inch: "in",
  inche: "in",
  feet: "ft",
  foot: "ft",
  second: "s",
  sec: "s",
  minute: "min",
  hour: "h",
  hr: "h",
  gram: "g",
  kilogram: "kg",
  pound: "lb",
  degree: "degree",
  "%": "percent",
};

/** "square inches", "in^2" and "in. ^2" are one. */
function unitName(text: string, exponent: string | undefined): string {
  const words = text.replaceAll(/\\text\{|\}/g, " ").toLowerCase().match(/[a-z]+/g) ?? [];
  const powers: Readonly<Record<string, string>> = { square: "2", sq: "2", cubic: "3", cu: "3" };
  const power = exponent ?? words.map((word) => powers[word]).find((found) => found !== undefined);
  const names = words.filter((word) => powers[word] === undefined)
    .map((word) => word.length > 2 ? word.replace(/s$/, "") : word)
    .map((word) => SHORT_UNITS[word] ?? word);
  return names.join(" ") + (power === undefined ? "" : `^${power}`);
}
