/**
 * Ids that Hugging Face's tokenizers gives for odd texts; made by ../fixtures/tokenizer/make.py.
 * @module
 */

/** One text and its ids by tokenizer. */
interface Golden {
  readonly text: string;
  /** Whether names of special tokens in the text stand for them. */
  readonly special: boolean;
  readonly ids: Readonly<Record<string, readonly number[]>>;
}

const lines: Golden[] =
  (await Deno.readTextFile(new URL("../fixtures/tokenizer/golden.jsonl", import.meta.url)))
    .trimEnd().split("\n").map((line) => JSON.parse(line));

/** Texts as a document holds them. */
export const documents: readonly Golden[] = lines.filter(({ special }) => !special);

/** A conversation in Llama 3's format, written out. */
export const conversation: Golden | undefined = lines.find(({ special }) => special);
