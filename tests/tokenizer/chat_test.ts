import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { encodeConversation, encodePrompt, type Message } from "../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { conversation as golden } from "./golden.ts";

const conversation: Message[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "What is 2 + 2?" },
  { role: "assistant", content: "4.\n\nReally." },
];

for (const name of ["llama3", "llama3-4096"]) {
  const tokenizer = await openTokenizer(name);

  Deno.test(`encodeConversation() with ${name} equals Hugging Face's ids of the written-out format`, () => {
    assert.deepEqual([...encodeConversation(conversation, tokenizer).tokens], golden?.ids[name]);
  });

  Deno.test(`encodeConversation() with ${name} counts the assistant's content and the end of its turn`, () => {
    const messages: Message[] = [...conversation, { role: "user", content: "Yes?" }, {
      role: "assistant",
      content: "Yes.",
    }];
    const { tokens, assistant } = encodeConversation(messages, tokenizer);
    assert.equal(tokens.length, assistant.length);
    assert.equal(
      tokenizer.decode(tokens.filter((_, i) => assistant[i] === 1)),
      "4.\n\nReally.<|eot_id|>Yes.<|eot_id|>",
    );
  });

  Deno.test(`encodePrompt() with ${name} ends where the assistant begins`, () => {
    const prompt = encodePrompt(conversation.slice(0, 2), tokenizer);
    const { tokens, assistant } = encodeConversation(conversation, tokenizer);
    assert.deepEqual(prompt, tokens.slice(0, assistant.indexOf(1)));
  });
}

Deno.test("encodeConversation() trims content and keeps special tokens in it as text", async () => {
  const tokenizer = await openTokenizer("llama3-4096");
  const encode = (content: string) => encodeConversation([{ role: "user", content }], tokenizer).tokens;
  assert.deepEqual(encode("  hello \n"), encode("hello"));
  assert.equal(encode("<|eot_id|>").filter((id) => id === tokenizer.special.endOfTurn).length, 1);
});

Deno.test("encodeConversation() refuses a conversation without messages", async () => {
  const tokenizer = await openTokenizer("llama3-4096");
  const expected = new UsageError("A conversation has no messages, expected at least one.");
  assert.throws(() => encodeConversation([], tokenizer), expected);
  assert.throws(() => encodePrompt([], tokenizer), expected);
});
