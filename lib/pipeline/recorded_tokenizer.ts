/**
 * Which tokenizer a stage's model was trained with.
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { z } from "zod";

const manifest = z.looseObject({ recipe: z.looseObject({ tokenizer: z.string() }) });

/** The tokenizer in the manifest of the training stage that a model directory belongs to; undefined where there is none. */
export async function recordedTokenizer(model: string): Promise<string | undefined> {
  try {
    const text = await Deno.readTextFile(join(dirname(resolve(model)), "manifest.json"));
    return manifest.safeParse(JSON.parse(text)).data?.recipe.tokenizer;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
