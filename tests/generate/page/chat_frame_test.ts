import assert from "node:assert/strict";
import fc from "fast-check";
import { chatFrame, encodeQuestion } from "../../../lib/generate/page/chat_frame.ts";
import { encodePrompt, LLAMA3_TEMPLATE } from "../../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";

const tokenizer = await openTokenizer("llama3-512");

Deno.test("encodeQuestion() gives the ids of encodePrompt() for any question", () => {
  const frame = chatFrame(LLAMA3_TEMPLATE, tokenizer);
  const piece = fc.constantFrom(
    "What is 2 + 3?",
    "\n\n",
    " ",
    "<|eot_id|>",
    "user<|end_header_id|>",
    "é",
    "7",
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(piece).map((pieces) => pieces.join("")), fc.string()), (content) => {
      assert.deepEqual(
        encodeQuestion(content, frame, tokenizer),
        encodePrompt([{ role: "user", content }], tokenizer),
      );
    }),
  );
});
