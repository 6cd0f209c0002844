/**
 * Which documents are kept out of training, to be probed with.
 * @module
 */
import { sha256 } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";

/**
 * Whether a document is held out. Depends on its id alone, so the split is the same in any order, on any machine, and when
 * documents are added; a larger share holds out a superset.
 *
 * @param share Expected share of the documents, 0…1.
 * @throws {UsageError} where the share is outside 0…1.
 *
 * @example
 * ```ts
 * import { isHeldOut } from "./split.ts";
 * import assert from "node:assert/strict";
 * assert.equal(isHeldOut("a document", 0), false);
 * assert.equal(isHeldOut("a document", 1), true);
 * ```
 */
export function isHeldOut(documentId: string, share: number): boolean {
  if (!(share >= 0 && share <= 1)) throw new UsageError(`Held-out share is ${share}, expected 0…1.`);
  // 52 bits of a hash of the purpose and the id, as a fraction. The purpose keeps it apart from other uses of the id's hash.
  const digits = sha256(`held out: ${documentId}`).slice(0, 13);
  return Number.parseInt(digits, 16) / 2 ** 52 < share;
}
