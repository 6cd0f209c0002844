/**
 * HTML in which nothing is markup by accident.
 * @module
 */

/** Markup that is safe to insert as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What a template takes: text and numbers are escaped, markup is inserted, arrays are joined. */
export type MarkupValue = string | number | Markup | readonly MarkupValue[];

function insert(value: MarkupValue): string {
  if (value instanceof Markup) return value.text;
  return typeof value === "object" ? value.map(insert).join("") : escapeHtml(String(value));
}

/** Escapes text for elements and quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/**
 * A template for markup.
 *
 * @example
 * ```ts
 * import { markup } from "./markup.ts";
 * import assert from "node:assert/strict";
 * const items = ["a < b", "c"].map((item) => markup`<li>${item}</li>`);
 * assert.equal(markup`<ul>${items}</ul>`.text, "<ul><li>a &lt; b</li><li>c</li></ul>");
 * ```
 */
export function markup(strings: TemplateStringsArray, ...values: MarkupValue[]): Markup {
  return new Markup(strings.reduce((markup, string, i) => markup + insert(values[i - 1] ?? "") + string));
}

/** A value as JSON that may stand in a `<script>`: no character in it can end the element. */
export function scriptJson(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll("<", "\\u003c"));
}
