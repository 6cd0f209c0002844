/**
 * What every source gives: documents to train on, conversations to fine-tune on.
 * @module
 */
import { createHash } from "node:crypto";

/** Facts about a document beside its text: its path in the package, a title, a label. */
export type Metadata = Readonly<Record<string, string | number | boolean | null>>;

/** One text of one source. */
export interface Document {
  /** {@link documentId} of the text: the same document has the same id anywhere. */
  readonly id: string;
  /** Name of its source. */
  readonly source: string;
  readonly text: string;
  /** SPDX identifier where it is known, else "unknown". */
  readonly licence: string;
  readonly metadata: Metadata;
}

/** What a reader or an extractor finds, before its source names and identifies it. */
export interface Extracted {
  readonly text: string;
  /** The document's own licence, where it states one; else the source's holds. */
  readonly licence?: string;
  readonly metadata: Metadata;
}

/** Who speaks in a conversation. */
export type Role = "system" | "user" | "assistant";

/** One problem and its solution, or any exchange in turns. */
export interface Conversation {
  /** {@link documentId} of the messages' JSON. */
  readonly id: string;
  readonly source: string;
  readonly licence: string;
  readonly messages: readonly { readonly role: Role; readonly content: string }[];
}

/**
 * The first 32 hex digits (128 bits) of the SHA-256 of the text in UTF-8.
 *
 * @example
 * ```ts
 * import { documentId } from "./document.ts";
 * import assert from "node:assert/strict";
 * assert.equal(documentId(""), "e3b0c44298fc1c149afbf4c8996fb924");
 * ```
 */
export function documentId(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
