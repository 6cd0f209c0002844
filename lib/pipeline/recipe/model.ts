/**
 * What of a model a recipe says; the rest is as in the family.
 * @module
 */
import { z } from "zod";
import { positive } from "./numbers.ts";

/** The model's shape; the vocabulary is the tokenizer's. */
export const model = z.strictObject({
  width: positive,
  layers: positive,
  heads: positive,
  keyValueHeads: positive,
  headSize: positive,
  feedForwardWidth: positive,
  ropeTheta: z.number().positive(),
  initializerRange: z.number().positive(),
});
