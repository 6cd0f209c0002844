/**
 * The education classifier of FineWeb-Edu (Lozhkov et al., 2024; Penedo et al., 2024, arXiv 2406.17557): a BERT-type encoder with a
 * regression head, which rates how much a text teaches, from 0 to 5.
 *
 * At the published size (110M parameters) a text of 512 tokens took 3.15 s on one core, one of 128 tokens 0.65 s (PyTorch on one
 * thread: 1.17 and 0.28 s).
 * @module
 */
import { join } from "node:path";
import { hashFile } from "../core/artefacts.ts";
import { BertRegression } from "./bert.ts";
import type { Scorer } from "./scorer.ts";
import { loadWordPiece } from "./word_piece.ts";

/** Documents between two looks at the signal. */
const DOCUMENTS_AT_ONCE = 16;

/**
 * Loads a classifier from a Hugging Face directory: config.json, model.safetensors, tokenizer.json, tokenizer_config.json. Texts are
 * cut to the model's length (512 tokens). Scores are the head's output as it is: mostly 0 to 5, sometimes a little beyond.
 *
 * @throws {UsageError} where a file is missing or no such model.
 */
export async function loadEducationClassifier(directory: string): Promise<Scorer> {
  const wordPiece = await loadWordPiece(directory);
  const model = await BertRegression.load(directory);
  const { sha256 } = await hashFile(join(directory, "model.safetensors"));
  return {
    name: "education",
    provenance: `BertForSequenceClassification ${sha256.slice(0, 16)}, first ${model.maxTokens} tokens`,
    batchSize: DOCUMENTS_AT_ONCE,
    noScore: "finds nothing to rate",
    portable: { kind: "bert", directory },
    score(documents) {
      const texts = documents.map(({ text }) => wordPiece.encode(text, model.maxTokens));
      return Promise.resolve([...model.predict(texts)]);
    },
  };
}
