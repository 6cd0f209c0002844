/**
 * Held-out documents as they come: text that no stage has trained on.
 * @module
 */
import { readJsonLines } from "../../core/lines.ts";
import { isHeldOut } from "../../shards/split.ts";
import { documentsPath } from "./corpus.ts";

/** A document and its source. */
export interface HeldOutDocument {
  readonly id: string;
  readonly source: string;
  readonly text: string;
}

/**
 * The first held-out documents of each source, in the corpus's order.
 *
 * @param corpus Directory of the stage "corpus".
 * @param share Of the documents that are held out, as in the recipe.
 * @param count Of each source at most.
 */
export async function heldOutDocuments(
  corpus: string,
  sources: readonly string[],
  share: number,
  count: number,
): Promise<HeldOutDocument[]> {
  const documents: HeldOutDocument[] = [];
  for (const source of sources) {
    let left = count;
    for await (
      const document of readJsonLines<Omit<HeldOutDocument, "source">>(documentsPath(corpus, source))
    ) {
      if (!isHeldOut(document.id, share)) continue;
      documents.push({ ...document, source });
      if (--left === 0) break;
    }
  }
  return documents;
}
