import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { encodeConversation } from "../../lib/tokenizer/chat.ts";
import { tokenizerFiles } from "../../lib/tokenizer/hugging_face.ts";
import { ChatTemplate, type Message } from "../../lib/tokenizer/template.ts";
import { conversation, documents } from "./golden.ts";

/** Texts that name no special token: those, a tokenizer of transformers recognises. */
const TEXTS = documents.map(({ text }) => text).filter((text) => !text.includes("<|"));

for (const name of ["llama3", "llama3-4096"]) {
  Deno.test(`tokenizerFiles() of ${name} give Hugging Face's tokenizers our ids and our texts`, async () => {
    const { tokenizer, files } = await tokenizerFiles(name, 4096);
    const parsed = (file: string) => JSON.parse(files.get(file) ?? "");
    const theirs = new HuggingFaceTokenizer(parsed("tokenizer.json"), parsed("tokenizer_config.json"));
    for (const text of TEXTS) {
      const ids = [...tokenizer.encode(text)];
      assert.deepEqual(theirs.encode(text, { add_special_tokens: false }).ids, ids, JSON.stringify(text));
    }
    const text = "A text, 数学, naïve.";
    const { ids } = theirs.encode(text);
    assert.deepEqual(ids, [tokenizer.special.beginOfText, ...tokenizer.encode(text)]);
    assert.equal(theirs.decode(ids, { skip_special_tokens: true }), text);
    const special = conversation?.text ?? "";
    assert.deepEqual(theirs.encode(special, { add_special_tokens: false }).ids, conversation?.ids[name]);
  });
}

Deno.test("tokenizerFiles() number a proxy's vocabulary without a gap, special tokens last", async () => {
  const { tokenizer, files } = await tokenizerFiles("llama3-600", 128);
  const { model, added_tokens } = JSON.parse(files.get("tokenizer.json") ?? "");
  const ids = [
    ...Object.values<number>(model.vocab).sort((a, b) => a - b),
    ...added_tokens.map(({ id }: { id: number }) => id),
  ];
  assert.deepEqual(ids, Array.from({ length: 600 }, (_, id) => id));
  assert.equal(tokenizer.vocabularySize, 600);
  assert.equal(JSON.parse(files.get("tokenizer_config.json") ?? "").model_max_length, 128);
});

Deno.test("tokenizerFiles() have the chat template that conversations are encoded with", async () => {
  const { tokenizer, files } = await tokenizerFiles("llama3-4096", 128);
  const template = new ChatTemplate(files.get("chat_template.jinja") ?? "", "chat_template.jinja");
  const config = JSON.parse(files.get("tokenizer_config.json") ?? "");
  const messages: Message[] = [{ role: "user", content: " Hi " }, { role: "assistant", content: "Yes" }];
  assert.equal(
    template.render(messages, config),
    tokenizer.decode(encodeConversation(messages, tokenizer).tokens),
  );
});

Deno.test("tokenizerFiles() refuse a name that is none", async () => {
  await assert.rejects(tokenizerFiles("gpt2", 128), UsageError);
});
