/**
 * What stands beside config.json and the weights in a directory of transformers: tokenizer, chat template, generation settings.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { readJson } from "./json_file.ts";

/** Files by their names. */
export type Companions = ReadonlyMap<string, string | Uint8Array>;

export const GENERATION_FILE = "generation_config.json";

/** Names under which transformers looks for them. */
const NAMES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "chat_template.jinja",
  "chat_template.json",
  GENERATION_FILE,
];

const ids = z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]).nullish();
const ends = z.looseObject({ bos_token_id: ids, eos_token_id: ids });

/** Ids of the tokens that begin a text and end one, as config.json and generation_config.json name them. */
export interface EndTokens {
  readonly bos_token_id: number | number[] | null;
  readonly eos_token_id: number | number[] | null;
}

/** Reads `bos_token_id` and `eos_token_id` of a JSON file. @throws {UsageError} where they are no ids. */
function endTokens(json: unknown, path: string): EndTokens {
  const parsed = ends.safeParse(json);
  if (!parsed.success) {
    const [key] = parsed.error.issues[0]?.path ?? [];
    throw new UsageError(
      `${path}: ${key === undefined ? "the file" : String(key)} is no token id, nor a list of them.`,
    );
  }
  return { bos_token_id: parsed.data.bos_token_id ?? null, eos_token_id: parsed.data.eos_token_id ?? null };
}

/** The text of generation_config.json. */
export function generationConfig(tokens: EndTokens): string {
  return JSON.stringify(tokens, null, 2) + "\n";
}

/**
 * The companions of a model directory, and its end tokens: those of generation_config.json, or of config.json where that is
 * missing; it is written then, so that they are not lost.
 *
 * @throws {UsageError} for a generation_config.json or config.json that is none.
 */
export async function readCompanions(
  directory: string,
): Promise<{ companions: Companions; tokens: EndTokens }> {
  const companions = new Map<string, string | Uint8Array>();
  for (const name of NAMES) {
    try {
      companions.set(name, await Deno.readFile(join(directory, name)));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const path = join(directory, companions.has(GENERATION_FILE) ? GENERATION_FILE : "config.json");
  const tokens = endTokens(await readJson(path), path);
  const some = tokens.bos_token_id !== null || tokens.eos_token_id !== null;
  if (!companions.has(GENERATION_FILE) && some) companions.set(GENERATION_FILE, generationConfig(tokens));
  return { companions, tokens };
}
