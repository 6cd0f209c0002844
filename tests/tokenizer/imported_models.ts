/**
 * Tokenizer files as published models have them, small.
 * @module
 */
import { join } from "node:path";
import { tokenizerFiles } from "../../lib/tokenizer/hugging_face.ts";

/** Qwen's chat format. */
const CHATML =
  `{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{% endfor %}` +
  `{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

/** Llama 3's files, with a vocabulary of a size. */
export async function writeLlamaTokenizer(directory: string, size: number): Promise<void> {
  const { files } = await tokenizerFiles(`llama3-${size}`, 512);
  await Deno.mkdir(directory, { recursive: true });
  for (const [name, content] of files) await Deno.writeTextFile(join(directory, name), content);
}

/** Files after Qwen 3's: no bos, ChatML in tokenizer_config.json, and added tokens that are not special. */
export async function writeQwenTokenizer(directory: string, size: number): Promise<void> {
  const { files } = await tokenizerFiles(`llama3-${size}`, 512);
  const file = JSON.parse(files.get("tokenizer.json") ?? "");
  const names = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"];
  const added_tokens = file.added_tokens.map((token: { id: number }, i: number) => ({
    ...token,
    content: names[i],
    special: i < 3,
  }));
  const config = {
    tokenizer_class: "Qwen2Tokenizer",
    bos_token: null,
    eos_token: { content: "<|im_end|>" },
    chat_template: CHATML,
  };
  await Deno.mkdir(directory, { recursive: true });
  await Deno.writeTextFile(
    join(directory, "tokenizer.json"),
    JSON.stringify({ ...file, added_tokens, post_processor: null }),
  );
  await Deno.writeTextFile(join(directory, "tokenizer_config.json"), JSON.stringify(config));
}
