/**
 * Tokenizer and chat template of a model directory of transformers, for conversations with a model that is not ours.
 *
 * The library that encodes recognises special tokens in any text. Here content must not write them, so it is given a tokenizer without
 * them; where the template writes one, the caller puts its id. Added tokens that are not special (Qwen 3's `<think>`) stay.
 * @module
 */
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import type { ChatTokenizer } from "./chat.ts";
import { ChatTemplate } from "./template.ts";

const tokenizerFile = z.looseObject({
  added_tokens: z.array(
    z.looseObject({ id: z.int().nonnegative(), content: z.string(), special: z.boolean() }),
  )
    .default([]),
});

/** A token by its name, or with its flags; null or absent: there is none. */
const token = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish()
  .transform((value) => (typeof value === "object" ? value?.content : value) ?? "");

const configFile = z.looseObject({
  bos_token: token,
  eos_token: token,
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

/**
 * The tokenizer in a directory's tokenizer.json and tokenizer_config.json.
 *
 * @param vocabularySize The model's; ids have to be below it.
 * @throws {UsageError} where a file is missing or none, or the vocabulary is larger than the model's.
 */
export async function openImportedTokenizer(
  directory: string,
  vocabularySize: number,
): Promise<ChatTokenizer> {
  const path = join(directory, "tokenizer.json");
  const file = await readFile(path, tokenizerFile);
  const config = await readConfig(directory);
  const special = file.added_tokens.filter((added) => added.special);
  let tokenizer: HuggingFaceTokenizer;
  try {
    const rest = file.added_tokens.filter((added) => !added.special);
    tokenizer = new HuggingFaceTokenizer({ ...file, added_tokens: rest }, config);
  } catch (error) {
    throw new UsageError(
      `${path} is no tokenizer that can be read: ${error instanceof Error ? error.message : error}.`,
    );
  }
  const largest = Math.max(
    ...special.map(({ id }) => id),
    tokenizer.get_vocab().values().reduce((max, id) => Math.max(max, id), -1),
  );
  if (largest >= vocabularySize) {
    throw new UsageError(
      `${path} has a token of id ${largest}, its model a vocabulary of ${vocabularySize}.`,
    );
  }
  return {
    name: directory,
    vocabularySize,
    specialTokens: new Map(special.map(({ content, id }) => [content, id])),
    templateTokens: { bos_token: config.bos_token, eos_token: config.eos_token },
    encode: (text) => Uint32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids),
  };
}

/**
 * A directory's chat template: chat_template.jinja, or the one in tokenizer_config.json.
 *
 * @throws {UsageError} where it has none, or one that is no template.
 */
export async function openImportedTemplate(directory: string): Promise<ChatTemplate> {
  const path = join(directory, "chat_template.jinja");
  if (await exists(path)) return await ChatTemplate.open(path);
  const { chat_template: found } = await readConfig(directory);
  const source = typeof found === "string" ? found : found?.find(({ name }) => name === "default")?.template;
  if (source === undefined) {
    throw new UsageError(
      `${directory} has no chat template, neither chat_template.jinja nor one in ${CONFIG}.`,
    );
  }
  return new ChatTemplate(source, join(directory, CONFIG));
}

const CONFIG = "tokenizer_config.json";

function readConfig(directory: string): Promise<z.infer<typeof configFile>> {
  return readFile(join(directory, CONFIG), configFile);
}

async function readFile<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  if (!await exists(path)) throw new UsageError(`${path} does not exist.`);
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch {
    throw new UsageError(`${path} is no JSON.`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UsageError(`${path}: ${issue?.path.join(".") || "the file"}: ${issue?.message}.`);
}
