/**
 * Special tokens: ids that no text encodes to.
 * @module
 */

/** Ids of the special tokens that this project uses. */
export interface SpecialTokens {
  /** Stands before every document and every conversation. */
  readonly beginOfText: number;
  /** Ends a document. */
  readonly endOfText: number;
  /** Opens a message's header: the role follows. */
  readonly startHeader: number;
  readonly endHeader: number;
  /** Ends a message. */
  readonly endOfTurn: number;
}

/** Places of Llama 3.1's named special tokens among its 256; the others are reserved. */
const NAMED: Readonly<Record<number, string>> = {
  0: "<|begin_of_text|>",
  1: "<|end_of_text|>",
  4: "<|finetune_right_pad_id|>",
  6: "<|start_header_id|>",
  7: "<|end_header_id|>",
  8: "<|eom_id|>",
  9: "<|eot_id|>",
  10: "<|python_tag|>",
};

/** Llama 3.1's special tokens in id order, from id 128,000. */
export const LLAMA3_SPECIAL_TOKENS: readonly string[] = (() => {
  let reserved = 0;
  return Array.from(
    { length: 256 },
    (_, place) => NAMED[place] ?? `<|reserved_special_token_${reserved++}|>`,
  );
})();

/** What a proxy vocabulary keeps of them, in id order, after its ranks. */
export const PROXY_SPECIAL_TOKENS: readonly string[] = [
  "<|begin_of_text|>",
  "<|end_of_text|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|eot_id|>",
];
