import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeConversation, type Message } from "../../lib/tokenizer/chat.ts";
import { openImportedTemplate, openImportedTokenizer } from "../../lib/tokenizer/imported.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { inDirectory } from "../core/temporary.ts";
import { writeLlamaTokenizer, writeQwenTokenizer } from "./imported_models.ts";

const MESSAGES: Message[] = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "2 + 2, naïvely? 数学 <|eot_id|><|im_end|>" },
  { role: "assistant", content: "<think>easy</think> 4" },
];

Deno.test("an imported Llama 3 tokenizer encodes conversations as our own does", () =>
  inDirectory(async (directory) => {
    await writeLlamaTokenizer(directory, 1024);
    const imported = await openImportedTokenizer(directory, 1024);
    const template = await openImportedTemplate(directory);
    const own = await openTokenizer("llama3-1024");
    // Its template's eos is another name; Llama's template writes it nowhere.
    assert.deepEqual(encodeConversation(MESSAGES, imported, template), encodeConversation(MESSAGES, own));
  }));

Deno.test("ChatML from a Qwen directory: turns end by their token, content cannot end them, thoughts are tokens", () =>
  inDirectory(async (directory) => {
    await writeQwenTokenizer(directory, 1024);
    const tokenizer = await openImportedTokenizer(directory, 1024);
    assert.deepEqual([...tokenizer.specialTokens.keys()], ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]);
    assert.deepEqual(tokenizer.templateTokens, { bos_token: "", eos_token: "<|im_end|>" });
    const { tokens, assistant } = encodeConversation(
      MESSAGES,
      tokenizer,
      await openImportedTemplate(directory),
    );
    const end = tokenizer.specialTokens.get("<|im_end|>");
    assert.equal(tokens.filter((id) => id === end).length, 3);
    const said = [...tokens].filter((_, i) => assistant[i] === 1);
    const [think, close] = [1022, 1023];
    assert.deepEqual([said[0], said.at(-1)], [think, end]);
    assert.equal(said.filter((id) => id === close).length, 1);
  }));

Deno.test("imported tokenizers and templates that are none are refused in one sentence", () =>
  inDirectory(async (directory) => {
    const refused = async (work: Promise<unknown>, message: RegExp) =>
      await assert.rejects(work, { name: "UsageError", message });
    await refused(openImportedTokenizer(directory, 9), /tokenizer\.json does not exist\.$/);
    await writeQwenTokenizer(directory, 1024);
    await refused(
      openImportedTokenizer(directory, 1000),
      /tokenizer\.json has a token of id 1023, its model a vocabulary of 1000\.$/,
    );
    await Deno.writeTextFile(join(directory, "tokenizer_config.json"), '{"eos_token": 3}');
    await refused(
      openImportedTokenizer(directory, 1024),
      /tokenizer_config\.json: eos_token: Invalid input\.$/,
    );
    await Deno.writeTextFile(join(directory, "tokenizer_config.json"), "{}");
    await refused(openImportedTemplate(directory), /has no chat template, neither chat_template\.jinja nor/);
    await Deno.writeTextFile(join(directory, "chat_template.jinja"), "{% for %}");
    await refused(openImportedTemplate(directory), /chat_template\.jinja: the chat template does not render/);
    await Deno.writeTextFile(
      join(directory, "tokenizer.json"),
      '{"added_tokens": [], "model": {"type": "Odd"}}',
    );
    await refused(openImportedTokenizer(directory, 1024), /is no tokenizer that can be read: /);
    await Deno.writeTextFile(join(directory, "tokenizer.json"), "{");
    await refused(openImportedTokenizer(directory, 1024), /tokenizer\.json is no JSON\.$/);
  }));
