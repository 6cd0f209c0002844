/**
 * HTML as readable text with a little Markdown: what curriculum lessons and mails need, no general renderer.
 * @module
 */

/** Named character references that the packages' texts use; numeric ones are computed. */
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  bull: "•",
  cent: "¢",
  colon: ":",
  copy: "©",
  deg: "°",
  equiv: "≡",
  euro: "€",
  gt: ">",
  harr: "↔",
  hellip: "…",
  laquo: "«",
  ldquo: "“",
  lsquo: "‘",
  lt: "<",
  mdash: "—",
  middot: "·",
  nbsp: " ",
  ndash: "–",
  oplus: "⊕",
  pound: "£",
  quot: '"',
  raquo: "»",
  rdquo: "”",
  reg: "®",
  rpar: ")",
  rsquo: "’",
  times: "×",
  trade: "™",
  xutri: "△",
};

/** Replaces character references (`&lt;`, `&#39;`, `&#x27;`); unknown ones stay as they are. */
export function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return NAMED[name] ?? NAMED[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    const surrogate = code >= 0xd800 && code < 0xe000;
    return code > 0 && code <= 0x10ffff && !surrogate ? String.fromCodePoint(code) : whole;
  });
}

/** Removes tags; what stands between them stays. */
function stripTags(html: string): string {
  return html.replace(/<\/?[a-z!][^<>]*>/gi, "");
}

/** Code between tags: `<br>` is a line end, entities are decoded, nothing else changes. */
function codeText(html: string): string {
  return decodeEntities(stripTags(html.replace(/<br\s*\/?>\n?/gi, "\n"))).replaceAll("\u00a0", " ");
}

/**
 * HTML to text: paragraphs apart by a blank line, `<code>` in backticks, `<pre>` and `<blockquote>` as fenced code, list items
 * as "- ", table cells apart by " | ", `<sup>`/`<sub>` as ^ and _; scripts, styles, comments and images go.
 *
 * @example
 * ```ts
 * import { htmlToText } from "./html.ts";
 * import assert from "node:assert/strict";
 * assert.equal(htmlToText("<p>Let <code>a &lt; b</code>.</p><p>Then x<sup>2</sup></p>"), "Let `a < b`.\n\nThen x^2");
 * ```
 */
export function htmlToText(html: string): string {
  // Code is set aside first, so that nothing below touches it; its place is held by a private-use character.
  const code: string[] = [];
  const setAside = (text: string): string => `\ue000${code.push(text) - 1}\ue001`;
  const text = html
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<(script|style|title|head)\b[\s\S]*?<\/\1\s*>/gi, "")
    .replace(
      /<(pre|blockquote)\b[^>]*>([\s\S]*?)<\/\1\s*>/gi,
      (_, _tag, inner: string) => `<p>${setAside("```\n" + codeText(inner).trim() + "\n```")}</p>`,
    )
    .replace(
      /<(code|tt)\b[^>]*>([\s\S]*?)<\/\1\s*>/gi,
      (_, _tag, inner: string) => setAside("`" + codeText(inner).trim() + "`"),
    )
    .replace(/<sup\b[^>]*>([\s\S]*?)<\/sup\s*>/gi, (_, inner: string) => script("^", stripTags(inner)))
    .replace(/<sub\b[^>]*>([\s\S]*?)<\/sub\s*>/gi, (_, inner: string) => script("_", stripTags(inner)))
    .replace(/\s+/g, " ")
    .replace(/<br\s*\/?>/gi, "\n")
    .replace(/<li\b[^>]*>/gi, "\n- ")
    .replace(/<\/t[dh]\s*>\s*(?=<t[dh]\b)/gi, " | ")
    .replace(/<\/?tr\b[^>]*>/gi, "\n")
    .replace(/<\/?(p|div|h[1-6]|ul|ol|table|hr|section|center)\b[^>]*>/gi, "\n\n");
  return decodeEntities(stripTags(text))
    .replaceAll("\u00a0", " ")
    .replace(/[ \t]*\n[ \t]*/g, "\n")
    .replace(/ {2,}/g, " ")
    .replace(/\n{3,}/g, "\n\n")
    .trim()
    .replace(/\ue000(\d+)\ue001/g, (_, i: string) => code[Number(i)] ?? "");
}

function script(mark: string, inner: string): string {
  const text = inner.trim();
  return /^[\w+-]?$|^\d+$/.test(text) ? `${mark}${text}` : `${mark}{${text}}`;
}
