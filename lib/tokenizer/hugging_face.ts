/**
 * Our tokenizers as the files that transformers reads.
 * @module
 */
import { z } from "zod";
import { LLAMA3_TEMPLATE } from "./chat.ts";
import { LLAMA3_RANKS, readLlama3File } from "./ranks.ts";
import { PROXY_SPECIAL_TOKENS } from "./special.ts";
import { openTokenizer, type Tokenizer } from "./tokenizer.ts";

const BEGIN = "<|begin_of_text|>";
const END_OF_TURN = "<|eot_id|>";

/** What is changed of the published tokenizer.json; the rest is passed on. */
const published = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string() })),
  post_processor: z.looseObject({ processors: z.array(z.looseObject({})) }),
  model: z.looseObject({ vocab: z.record(z.string(), z.int()), merges: z.array(z.string()) }),
});

/**
 * tokenizer.json, tokenizer_config.json, special_tokens_map.json and chat_template.jinja of one of our tokenizers. Text gets the same
 * ids as from `encode`, but for special tokens: transformers recognises their names in a text.
 *
 * @param name As for `openTokenizer`.
 * @param maxPositions Longest text that the model is meant for, in tokens.
 * @throws {UsageError} for an unknown name.
 */
export async function tokenizerFiles(
  name: string,
  maxPositions: number,
): Promise<{ tokenizer: Tokenizer; files: Map<string, string> }> {
  const tokenizer = await openTokenizer(name);
  const file = await readLlama3File();
  const text = file.toString("utf8");
  const special = { bos_token: BEGIN, eos_token: END_OF_TURN };
  const json = (value: unknown) => JSON.stringify(value, null, 2) + "\n";
  return {
    tokenizer,
    files: new Map([
      ["tokenizer.json", name === "llama3" ? text : JSON.stringify(proxy(text, tokenizer.vocabularySize))],
      [
        "tokenizer_config.json",
        json({
          tokenizer_class: "PreTrainedTokenizerFast",
          ...special,
          model_max_length: maxPositions,
          clean_up_tokenization_spaces: false,
          model_input_names: ["input_ids", "attention_mask"],
        }),
      ],
      ["special_tokens_map.json", json(special)],
      ["chat_template.jinja", LLAMA3_TEMPLATE.source],
    ]),
  };
}

/** The published tokenizer.json cut to its first ranks and to a proxy's special tokens. */
function proxy(text: string, size: number): unknown {
  const whole = published.parse(JSON.parse(text));
  const ranks = size - PROXY_SPECIAL_TOKENS.length;
  const known = new Set<string>();
  const vocab: Record<string, number> = {};
  for (const [token, rank] of Object.entries(whole.model.vocab)) {
    if (rank >= Math.min(ranks, LLAMA3_RANKS)) continue;
    known.add(token);
    vocab[token] = rank;
  }
  const merges = whole.model.merges.filter((merge) => {
    const [left = "", right = ""] = merge.split(" ");
    return known.has(left) && known.has(right) && known.has(left + right);
  });
  const idOf = (token: string) => ranks + PROXY_SPECIAL_TOKENS.indexOf(token);
  return {
    ...whole,
    added_tokens: whole.added_tokens
      .filter(({ content }) => PROXY_SPECIAL_TOKENS.includes(content))
      .map((token) => ({ ...token, id: idOf(token.content) }))
      .sort((a, b) => a.id - b.id),
    post_processor: {
      ...whole.post_processor,
      processors: whole.post_processor.processors.map((processor) =>
        "special_tokens" in processor
          ? { ...processor, special_tokens: { [BEGIN]: { id: BEGIN, ids: [idOf(BEGIN)], tokens: [BEGIN] } } }
          : processor
      ),
    },
    model: { ...whole.model, vocab, merges },
  };
}
