import assert from "node:assert/strict";
import { LLAMA3_SPECIAL_TOKENS, PROXY_SPECIAL_TOKENS } from "../../lib/tokenizer/special.ts";

Deno.test("LLAMA3_SPECIAL_TOKENS are Llama 3.1's 256, each once", () => {
  assert.equal(LLAMA3_SPECIAL_TOKENS.length, 256);
  assert.equal(new Set(LLAMA3_SPECIAL_TOKENS).size, 256);
  assert.deepEqual(LLAMA3_SPECIAL_TOKENS.slice(0, 12), [
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|reserved_special_token_0|>",
    "<|reserved_special_token_1|>",
    "<|finetune_right_pad_id|>",
    "<|reserved_special_token_2|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|python_tag|>",
    "<|reserved_special_token_3|>",
  ]);
  assert.equal(LLAMA3_SPECIAL_TOKENS[255], "<|reserved_special_token_247|>");
});

Deno.test("PROXY_SPECIAL_TOKENS are some of Llama 3.1's, in their order", () => {
  const places = PROXY_SPECIAL_TOKENS.map((token) => LLAMA3_SPECIAL_TOKENS.indexOf(token));
  assert.deepEqual(places, [0, 1, 6, 7, 9]);
});
