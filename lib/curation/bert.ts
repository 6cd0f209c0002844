/**
 * BERT with a regression head, as transformers' BertForSequenceClassification computes it (Devlin et al., 2019), on the CPU engine's
 * matrix products.
 *
 * Texts are not filled up to one length: the tokens of several texts stand below each other as rows, and only attention knows where
 * a text ends. D is the width, F the inner width of the feed-forward layers, d the width of a head.
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../core/errors.ts";
import { SafetensorsFile } from "../core/safetensors.ts";
import {
  type BertConfig,
  type Layer,
  type Linear,
  type Norm,
  readConfig,
  readWeights,
  type Weights,
} from "./bert_weights.ts";
import { ProductMemory } from "./products.ts";

/** Addresses of what a forward pass computes, for `rows` tokens at most. */
interface Buffers {
  /** The states between layers [rows × D]. */
  readonly states: number;
  /** [rows × D]. */
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly mixed: number;
  readonly update: number;
  /** [rows × F]. */
  readonly inner: number;
  /** One head of one text [tokens × tokens]. */
  readonly scores: number;
  readonly keyPanels: number;
  readonly valuePanels: number;
}

/** A text's rows. */
interface Span {
  readonly start: number;
  readonly tokens: number;
}

/** A model with one output, in memory. */
export class BertRegression {
  readonly #config: BertConfig;
  readonly #memory: ProductMemory;
  readonly #weights: Weights;
  readonly #buffers: Buffers;

  private constructor(config: BertConfig, memory: ProductMemory, weights: Weights) {
    const { max_position_embeddings: rows, hidden_size: width, num_attention_heads: heads } = config;
    this.#config = config;
    this.#memory = memory;
    this.#weights = weights;
    const states = () => memory.allocate(rows * width);
    this.#buffers = {
      states: states(),
      query: states(),
      key: states(),
      value: states(),
      mixed: states(),
      update: states(),
      inner: memory.allocate(rows * config.intermediate_size),
      scores: memory.allocate(rows * rows),
      keyPanels: memory.allocatePanels(width / heads, rows),
      valuePanels: memory.allocatePanels(rows, width / heads),
    };
  }

  /**
   * Loads config.json and model.safetensors (F32, F16 or BF16) of a directory.
   *
   * @throws {UsageError} naming the file and the key or tensor that is missing or not supported.
   */
  static async load(directory: string): Promise<BertRegression> {
    const config = await readConfig(join(directory, "config.json"));
    using file = await SafetensorsFile.open(join(directory, "model.safetensors"));
    const memory = await ProductMemory.open(config.max_position_embeddings);
    return new BertRegression(config, memory, await readWeights(config, file, memory));
  }

  /** Most tokens of a text. */
  get maxTokens(): number {
    return this.#config.max_position_embeddings;
  }

  /**
   * The output for each text [texts].
   *
   * @param texts Token ids of each text, 1 to `maxTokens` of them.
   * @throws {UsageError} for an id outside the vocabulary.
   */
  predict(texts: readonly (readonly number[])[]): Float32Array {
    const outputs = new Float32Array(texts.length);
    for (let from = 0, to = 0; from < texts.length; from = to) {
      // As many texts as have maxTokens together; at least one.
      let rows = 0;
      const spans: Span[] = [];
      for (; to < texts.length; to++) {
        // In range.
        const { length: tokens } = texts[to] as readonly number[];
        if (rows + tokens > this.maxTokens) break;
        spans.push({ start: rows, tokens });
        rows += tokens;
      }
      outputs.set(this.#forward(texts.slice(from, to), spans, rows), from);
    }
    return outputs;
  }

  #forward(texts: readonly (readonly number[])[], spans: readonly Span[], rows: number): Float32Array {
    const { hidden_size: width } = this.#config;
    const { states, update } = this.#buffers;
    const x = this.#memory.view(states, rows * width);
    this.#embed(texts, x);
    for (const layer of this.#weights.layers) this.#layer(layer, x, spans, rows);
    // The pooler reads the first token of each text, [CLS].
    const first = this.#memory.view(update, spans.length * width);
    spans.forEach(({ start }, i) => first.set(x.subarray(start * width, (start + 1) * width), i * width));
    const pooled = this.#memory.view(this.#buffers.query, spans.length * width);
    this.#apply(this.#weights.pooler, update, spans.length, this.#buffers.query);
    for (let i = 0; i < pooled.length; i++) pooled[i] = Math.tanh(pooled[i] as number); // in range
    this.#apply(this.#weights.classifier, this.#buffers.query, spans.length, this.#buffers.key);
    return this.#memory.view(this.#buffers.key, spans.length).slice();
  }

  /** Word + position + type, normalised [rows × D]. Every token is of the first type: there is one text, not a pair. */
  #embed(texts: readonly (readonly number[])[], x: Float32Array): void {
    const { words, positions, types, norm } = this.#weights;
    const { hidden_size: width } = this.#config;
    let at = 0;
    for (const ids of texts) {
      ids.forEach((id, position) => {
        if (id >= this.#config.vocab_size) {
          throw new UsageError(
            `The tokenizer gives id ${id}, but config.json has a vocabulary of ${this.#config.vocab_size}.`,
          );
        }
        // Positions are below maxTokens, so all indices are in range.
        for (let i = 0; i < width; i++) {
          x[at++] = (words[id * width + i] as number) + (positions[position * width + i] as number) +
            (types[i] as number);
        }
      });
    }
    normalise(x, norm, this.#config.layer_norm_eps);
  }

  /** One layer, in place in x [rows × D]. */
  #layer(layer: Layer, x: Float32Array, spans: readonly Span[], rows: number): void {
    const { states, query, key, value, mixed, update, inner } = this.#buffers;
    const epsilon = this.#config.layer_norm_eps;
    this.#apply(layer.query, states, rows, query);
    this.#apply(layer.key, states, rows, key);
    this.#apply(layer.value, states, rows, value);
    for (const span of spans) this.#attend(span);
    const change = this.#memory.view(update, x.length);
    this.#apply(layer.attended, mixed, rows, update);
    add(x, change);
    normalise(x, layer.attentionNorm, epsilon);
    this.#apply(layer.inner, states, rows, inner);
    gelu(this.#memory.view(inner, rows * this.#config.intermediate_size));
    this.#apply(layer.outer, inner, rows, update);
    add(x, change);
    normalise(x, layer.norm, epsilon);
  }

  /** softmax(q·kᵀ/√d)·v of every head of one text. */
  #attend({ start, tokens }: Span): void {
    const { num_attention_heads: heads, hidden_size: width } = this.#config;
    const { query, key, value, mixed, scores, keyPanels, valuePanels } = this.#buffers;
    const headWidth = width / heads;
    const weights = this.#memory.view(scores, tokens * tokens);
    for (let head = 0; head < heads; head++) {
      const offset = 4 * (start * width + head * headWidth);
      const keys = this.#memory.packTransposed(key + offset, width, tokens, headWidth, keyPanels);
      this.#memory.multiply(query + offset, width, tokens, keys, 0, scores, tokens);
      softmaxRows(weights, tokens, headWidth ** -0.5);
      const values = this.#memory.pack(value + offset, width, headWidth, tokens, valuePanels);
      this.#memory.multiply(scores, tokens, tokens, values, 0, mixed + offset, width);
    }
  }

  #apply({ weight, bias }: Linear, x: number, rows: number, y: number): void {
    this.#memory.multiply(x, weight.depth, rows, weight, bias, y, weight.columns);
  }
}

// In all of these, indices run over the arrays and stay in range.

function add(x: Float32Array, change: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) + (change[i] as number);
}

/** Layer normalisation of every row, in place (Ba et al., 2016). */
function normalise(x: Float32Array, { weight, bias }: Norm, epsilon: number): void {
  const width = weight.length;
  for (let row = 0; row < x.length; row += width) {
    let sum = 0, squares = 0;
    for (let i = 0; i < width; i++) sum += x[row + i] as number;
    const mean = sum / width;
    for (let i = 0; i < width; i++) squares += ((x[row + i] as number) - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / width + epsilon);
    for (let i = 0; i < width; i++) {
      x[row + i] = ((x[row + i] as number) - mean) * scale * (weight[i] as number) + (bias[i] as number);
    }
  }
}

/** softmax(scale · x) of every row, in place. */
function softmaxRows(x: Float32Array, columns: number, scale: number): void {
  for (let row = 0; row < x.length; row += columns) {
    let highest = -Infinity, sum = 0;
    for (let i = row; i < row + columns; i++) highest = Math.max(highest, x[i] as number);
    for (let i = row; i < row + columns; i++) {
      const value = Math.exp(scale * ((x[i] as number) - highest));
      x[i] = value;
      sum += value;
    }
    for (let i = row; i < row + columns; i++) x[i] = (x[i] as number) / sum;
  }
}

/**
 * x·Φ(x), in place (Hendrycks and Gimpel, 2016), with the error function to 1.5·10⁻⁷ (Abramowitz and Stegun, 7.1.26).
 */
function gelu(x: Float32Array): void {
  for (let i = 0; i < x.length; i++) {
    const value = x[i] as number;
    const z = Math.abs(value) * Math.SQRT1_2;
    const t = 1 / (1 + 0.3275911 * z);
    const series =
      ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    const tail = 0.5 * series * Math.exp(-z * z);
    x[i] = value * (value > 0 ? 1 - tail : tail);
  }
}
