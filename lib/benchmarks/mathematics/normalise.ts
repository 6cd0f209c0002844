/**
 * Many spellings of LaTeX, one form: what a computer algebra system can read.
 * @module
 */

const SIGNS: Readonly<Record<string, string>> = {
  "−": "-",
  "–": "-",
  "×": "\\times ",
  "·": "\\cdot ",
  "÷": "\\div ",
  "π": "\\pi ",
  "θ": "\\theta ",
  "∞": "\\infty ",
  "∪": "\\cup ",
  "∈": "\\in ",
  "≤": "\\le ",
  "≥": "\\ge ",
  "≠": "\\ne ",
  "±": "\\pm ",
  "°": "^\\circ ",
  "∅": "\\emptyset ",
  "⟨": "\\langle ",
  "⟩": "\\rangle ",
  "½": "\\frac{1}{2}",
  "²": "^{2}",
  "³": "^{3}",
};

/** In this order: a pattern, and what stands for it. */
const REWRITINGS: readonly (readonly [RegExp, string])[] = [
  [/[−–×·÷πθ∞∪∈≤≥≠±°∅⟨⟩½²³]/g, "SIGN"],
  [/√\s*\(([^()]*)\)/g, "\\sqrt{$1}"],
  [/√\s*(\w+)/g, "\\sqrt{$1}"],
  // A row's optional height.
  [/\\\\\s*\[[^\]]*(?:pt|em|ex|mm)\]/g, "\\\\"],
  // Money, then delimiters of mathematics.
  [/\\\$/g, ""],
  [/\$/g, ""],
  [/\\[()]/g, " "],
  [/\\\[|\\\]/g, " "],
  // Size, style and space.
  [/\\(?:left|right)\s*\./g, ""],
  [/\\(?:left|right|[bB]igg?[lrm]?)(?![a-zA-Z])\s*/g, ""],
  [/\\(?:displaystyle|textstyle|limits|boldsymbol|mathbf|mathbb|nolimits)(?![a-zA-Z])/g, ""],
  [/(\d)\s*(?:\{,\}|,\\!|\\,)\s*(?=\d{3}(?!\d))/g, "$1"],
  [/(?<!\\)\\(?:[!,;:> ]|q?quad(?![a-zA-Z]))/g, " "],
  [/~/g, " "],
  [/\\h?phantom\{[^{}]*\}|\\hspace\*?\{[^{}]*\}/g, ""],
  // One name for each thing.
  [/\\[dtc]frac(?![a-zA-Z])/g, "\\frac"],
  [/\\(?:mbox|textbf|textit|textrm|textnormal|mathrm|operatorname|mathit)\s*\{/g, "\\text{"],
  [/\\leq(?:slant)?(?![a-zA-Z])/g, "\\le "],
  [/\\geq(?:slant)?(?![a-zA-Z])/g, "\\ge "],
  [/\\(?:lt)(?![a-zA-Z])/g, "<"],
  [/\\(?:gt)(?![a-zA-Z])/g, ">"],
  [/\\neq(?![a-zA-Z])/g, "\\ne "],
  [/\\varnothing(?![a-zA-Z])|\\\{\s*\\\}/g, "\\emptyset "],
  [/\\(?:lbrace)(?![a-zA-Z])/g, "\\{"],
  [/\\(?:rbrace)(?![a-zA-Z])/g, "\\}"],
  [/\\text\{\s*(?:and|or|,)\s*\}|\s+(?:and|or)\s+/g, ", "],
  [/\\text\{\s*([ie])\s*\}/g, "$1"],
  // Numbers.
  [
    /(?<!\\(?:sin|cos|tan|cot|sec|csc).*)(?:\^\s*(?:\\circ|\{\s*\\circ\s*\})|\\degrees?(?![a-zA-Z]))/g,
    "\\text{degrees}",
  ],
  [/\\?%/g, "\\text{percent}"],
  [/(?<![\d.])\.(?=\d)/g, "0."],
  [/(?<![\w.}])(\d+)\s+(\d+)\s*\/\s*(\d+)(?![\w.])/g, "$1\\frac{$2}{$3}"],
  [/(?<=\{)(\d{1,3}(?:,\d{3})+)(?=\})/g, "THOUSANDS"],
  [/\+\s*\\infty/g, "\\infty"],
];

/**
 * An answer without what carries no meaning: delimiters, sizes, spaces, styles, thousands separators inside groups, currency
 * signs, a final full stop; each sign by its LaTeX name, each kind of fraction as `\frac`, degrees and percent as units in
 * `\text{…}`, ".5" as "0.5", "1 1/2" as `1\frac{1}{2}`.
 */
export function normalise(answer: string): string {
  let text = answer;
  for (const [pattern, replacement] of REWRITINGS) {
    text = replacement === "SIGN"
      ? text.replace(pattern, (sign) => SIGNS[sign] ?? sign)
      : replacement === "THOUSANDS"
      ? text.replace(pattern, (number) => number.replaceAll(",", ""))
      : text.replace(pattern, replacement);
  }
  return text.replaceAll(/\s+/g, " ").trim().replace(/(?:\s*[.,;:])+$/, "").trim();
}
