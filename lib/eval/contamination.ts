/**
 * Which of a benchmark's questions a training corpus contains.
 * @module
 */
import { rightAnswer } from "../benchmarks/read.ts";
import type { ChoiceItem, GenerationItem } from "../benchmarks/task.ts";
import {
  checkContamination,
  ContaminationIndex,
  type ContaminationReport,
} from "../curation/contamination.ts";
import type { Document } from "../sources/document.ts";

/** The items of a benchmark. */
export interface NamedItems {
  readonly name: string;
  readonly items: readonly (ChoiceItem | GenerationItem)[];
}

/** What of an item is looked for: the question, and the right answer where it is written out. Options alone are no question's own. */
function fieldsOf(item: ChoiceItem | GenerationItem): string[] {
  const answer = rightAnswer(item);
  return answer === null ? [item.question] : [item.question, answer.continuation];
}

/**
 * Looks for every question in every document, by runs of 13 words (`lib/curation/contamination.ts` has the rule), and reports by
 * benchmark.
 */
export function benchmarkContamination(
  benchmarks: readonly NamedItems[],
  documents: AsyncIterable<Document>,
): Promise<ContaminationReport> {
  const index = new ContaminationIndex();
  for (const { name, items } of benchmarks) {
    for (const item of items) index.add({ benchmark: name, item: item.id, fields: fieldsOf(item) });
  }
  return checkContamination(documents, index);
}
