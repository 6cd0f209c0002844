/**
 * The licence that a document states of itself.
 * @module
 */

/** How far into a file its licence is looked for, in characters. */
const HEADER_CHARACTERS = 2000;

/** The SPDX identifier in a file's header, as `SPDX-License-Identifier: MIT` or `@license MIT`. */
export function headerLicence(text: string): string | undefined {
  return /(?:SPDX-License-Identifier:|@licen[sc]e)\s+([A-Za-z0-9][A-Za-z0-9.+-]*)/
    .exec(text.slice(0, HEADER_CHARACTERS))?.[1];
}

/** The field `licence` or `license` of a record, or of its `metadata` or `meta`. */
export function recordLicence(record: Readonly<Record<string, unknown>>): string | undefined {
  for (const place of [record, record["metadata"], record["meta"]]) {
    if (place === null || typeof place !== "object") continue;
    const { licence, license } = place as Record<string, unknown>;
    for (const stated of [licence, license]) if (typeof stated === "string" && stated !== "") return stated;
  }
  return undefined;
}
