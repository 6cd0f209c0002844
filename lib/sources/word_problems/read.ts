/**
 * Word problems as a source of documents and of conversations.
 * @module
 */
import type { Extracted } from "../document.ts";
import type { WordProblemReader } from "../spec.ts";
import { factsDocument, problemConversation, storyDocument } from "./texts.ts";

/** The reader's documents; a problem's is the question and, on the next line, its solution. */
export async function* readWordProblems(reader: WordProblemReader): AsyncGenerator<Extracted> {
  for (let index = 0; index < reader.count; index++) {
    yield { text: textOf(reader, index), metadata: { index } };
  }
}

/** The reader's problems, each a question and its answer. */
export async function* readProblemConversations({ split, seed, count }: WordProblemReader) {
  for (let index = 0; index < count; index++) yield { messages: problemConversation(split, seed, index) };
}

function textOf({ texts, split, seed }: WordProblemReader, index: number): string {
  switch (texts) {
    case "facts":
      return factsDocument(seed, index);
    case "stories":
      return storyDocument(split, seed, index);
    case "problems":
      return problemConversation(split, seed, index).map(({ content }) => content).join("\n");
  }
}
