/**
 * How many documents a second each filter takes on one core, from a file of synthetic documents, reading included.
 * @module
 */
import { join } from "node:path";
import { writeAll, writeFileAtomic, writeJson } from "../core/artefacts.ts";
import { readJsonLines } from "../core/lines.ts";
import { Random } from "../core/random.ts";
import { type TensorData, writeSafetensors } from "../core/safetensors.ts";
import { type Document, documentId } from "../sources/document.ts";
import { loadLanguageIdentifier } from "../sources/language.ts";
import { BertRegression } from "./bert.ts";
import type { BertConfig } from "./bert_weights.ts";
import { ContaminationIndex, withoutContaminated } from "./contamination.ts";
import { fitHashedEmbedding } from "./embedding.ts";
import { withoutExactDuplicates } from "./exact.ts";
import { findNearDuplicates } from "./near_duplicates.ts";
import { findSemanticDuplicates } from "./semantic.ts";
import { syntheticText } from "./synthetic.ts";
import { trainWeakClassifier } from "./weak_classifier.ts";

/** Most documents that semantic deduplication is meant for: its time grows with their square. */
const MAX_SEMANTIC = 10_000;

/** Items of the benchmark that contamination looks for. */
const BENCHMARK_ITEMS = 10_000;

/** Documents that the weak classifier is trained on, beforehand. */
const TRAINING_DOCUMENTS = 2_000;

/** Lines gathered before a write. */
const LINES_AT_ONCE = 10_000;

/** Shape of FineWeb-Edu's classifier: 109 million parameters. */
export const FINEWEB_EDU: BertConfig = {
  model_type: "bert",
  vocab_size: 30_522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  hidden_act: "gelu",
  position_embedding_type: "absolute",
};

/** Texts that the BERT classifier is timed on. */
export const BERT_TEXTS = 4;

/**
 * Writes a file of synthetic documents, {id, source, text} a line.
 *
 * @param first Number of the first document.
 */
export async function writeSynthetic(path: string, documents: number, first = 0): Promise<void> {
  const encoder = new TextEncoder();
  const end = first + documents;
  await writeFileAtomic(path, async (file) => {
    for (let from = first; from < end; from += LINES_AT_ONCE) {
      let lines = "";
      for (let i = from; i < Math.min(end, from + LINES_AT_ONCE); i++) {
        lines += JSON.stringify({ id: String(i), source: "synthetic", text: syntheticText(i) }) + "\n";
      }
      await writeAll(file, encoder.encode(lines));
    }
  });
}

async function* read(path: string): AsyncGenerator<Document> {
  for await (const { id, text } of readJsonLines<{ id: string; text: string }>(path)) {
    yield { id, source: "synthetic", text, licence: "CC0-1.0", metadata: {} };
  }
}

/** With the ids that reading a source gives: hashes of the texts. */
async function* readHashed(path: string): AsyncGenerator<Document> {
  for await (const document of read(path)) yield { ...document, id: documentId(document.text) };
}

async function exhaust(documents: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of documents);
}

/** A filter, ready to be timed. */
export type TimedFilter = (path: string) => Promise<void>;

/** Every filter by its name; what comes before the first document (models, indexes) is done when this returns. */
export async function openFilters(): Promise<Readonly<Record<string, TimedFilter>>> {
  const identify = await loadLanguageIdentifier();
  const index = new ContaminationIndex();
  for (let i = 0; i < BENCHMARK_ITEMS; i++) {
    // Numbers that no document has.
    index.add({ benchmark: "synthetic", item: String(i), fields: [syntheticText(2 ** 31 - 1 - 2 * i)] });
  }
  const { scorer } = await trainWeakClassifier(trainingDocuments(), {
    description: "even and odd",
    labelOf: ({ id }) => Number(id) % 2 === 0 ? 0 : 1,
  });
  return {
    "language": async (path) => {
      for await (const { text } of read(path)) identify(text);
    },
    "exact duplicates": (path) => exhaust(withoutExactDuplicates(readHashed(path))),
    "near-duplicates": async (path) => {
      await findNearDuplicates(read(path));
    },
    "semantic duplicates": async (path) => {
      const texts = async function* () {
        for await (const { text } of read(path)) yield text;
      };
      await findSemanticDuplicates(read(path), await fitHashedEmbedding(texts(), 1), 0.9);
    },
    "contamination": (path) => exhaust(withoutContaminated(read(path), index)),
    "weak classifier": async (path) => {
      let batch: Document[] = [];
      for await (const document of read(path)) {
        if (batch.push(document) < scorer.batchSize) continue;
        await scorer.score(batch);
        batch = [];
      }
      if (batch.length > 0) await scorer.score(batch);
    },
  };
}

async function* trainingDocuments(): AsyncGenerator<Document> {
  for (let i = 0; i < TRAINING_DOCUMENTS; i++) {
    const document = {
      id: String(i),
      source: "synthetic",
      text: syntheticText(i),
      licence: "CC0-1.0",
      metadata: {},
    };
    yield await Promise.resolve(document);
  }
}

/** Whether a filter is meant for so many documents. */
export function isMeantFor(filter: string, documents: number): boolean {
  return filter !== "semantic duplicates" || documents <= MAX_SEMANTIC;
}

/** A classifier with random weights, in a directory; each call rates {@link BERT_TEXTS} texts of the model's length. */
export async function openBert(directory: string, config: BertConfig): Promise<() => void> {
  const { hidden_size: width, intermediate_size: inner } = config;
  const tensors = new Map<string, TensorData>();
  const random = Random.of(1, "bert");
  // One array serves all tensors: the time of a product does not depend on its numbers.
  const values = new Float32Array(Math.max(config.vocab_size, inner) * width);
  random.fillNormal(values.subarray(0, inner * width), 0.02);
  const add = (name: string, ...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b);
    tensors.set(name, { dtype: "F32", shape, data: values.subarray(0, size) });
  };
  const linear = (name: string, outputs: number, inputs: number) => {
    add(`${name}.weight`, outputs, inputs);
    add(`${name}.bias`, outputs);
  };
  const norm = (name: string) => {
    add(`${name}.LayerNorm.weight`, width);
    add(`${name}.LayerNorm.bias`, width);
  };
  const embeddings = "bert.embeddings";
  add(`${embeddings}.word_embeddings.weight`, config.vocab_size, width);
  add(`${embeddings}.position_embeddings.weight`, config.max_position_embeddings, width);
  add(`${embeddings}.token_type_embeddings.weight`, config.type_vocab_size, width);
  norm(embeddings);
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const layer = `bert.encoder.layer.${i}`;
    for (const part of ["self.query", "self.key", "self.value", "output.dense"]) {
      linear(`${layer}.attention.${part}`, width, width);
    }
    norm(`${layer}.attention.output`);
    linear(`${layer}.intermediate.dense`, inner, width);
    linear(`${layer}.output.dense`, width, inner);
    norm(`${layer}.output`);
  }
  linear("bert.pooler.dense", width, width);
  linear("classifier", 1, width);
  await writeJson(join(directory, "config.json"), config);
  await writeSafetensors(join(directory, "model.safetensors"), tensors, { format: "pt" });
  const model = await BertRegression.load(directory);
  const texts = Array.from(
    { length: BERT_TEXTS },
    () => Array.from({ length: model.maxTokens }, (_, i) => i % config.vocab_size),
  );
  return () => void model.predict(texts);
}
