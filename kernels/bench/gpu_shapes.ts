/**
 * The products of a training step: their sizes for a model and a batch.
 * @module
 */

/** A product's sizes, and where it stands in a step. */
export interface StepProduct {
  readonly label: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** f32 where gradients of weights are summed. */
  readonly output: "f32" | "f16";
  readonly accumulate: boolean;
}

/** What the sizes depend on. */
export interface StepShape {
  readonly width: number;
  readonly feedForwardWidth: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabularySize: number;
  /** Tokens of a batch. */
  readonly rows: number;
  /** Tokens whose logits are held at once. */
  readonly headRows: number;
}

/** Shapes of the paper (MobileLLM-R1, Table 1) at the batches of the published comparisons. */
export const benchedShapes: Readonly<Record<"140m" | "950m", StepShape>> = {
  "140m": {
    width: 576,
    feedForwardWidth: 2048,
    heads: 9,
    keyValueHeads: 3,
    headSize: 64,
    rows: 8192,
    vocabularySize: 128256,
    headRows: 2048,
  },
  "950m": {
    width: 1536,
    feedForwardWidth: 6144,
    heads: 24,
    keyValueHeads: 6,
    headSize: 64,
    rows: 4096,
    vocabularySize: 128256,
    headRows: 2048,
  },
};

/** A · B of square matrices, f32 out. */
export function squareProduct(size: number): StepProduct {
  return {
    label: "square",
    m: size,
    n: size,
    k: size,
    transposeA: false,
    transposeB: false,
    output: "f32",
    accumulate: false,
  };
}

/** Every different product of a step: of y = x·Wᵀ, dx = dy·W and dW = dyᵀ·x for each matrix W [out × in]. */
export function stepProducts(shape: StepShape): StepProduct[] {
  const { width, feedForwardWidth, heads, keyValueHeads, headSize, rows, headRows, vocabularySize } = shape;
  const matrices: [string, number, number, number][] = [
    ["query key value", (heads + 2 * keyValueHeads) * headSize, width, rows],
    ["attention output", width, heads * headSize, rows],
    ["gate up", 2 * feedForwardWidth, width, rows],
    ["down", width, feedForwardWidth, rows],
    ["head", vocabularySize, width, headRows],
  ];
  return matrices.flatMap(([name, out, input, rows]): StepProduct[] => [
    {
      label: name,
      m: rows,
      n: out,
      k: input,
      transposeA: false,
      transposeB: true,
      output: "f16",
      accumulate: false,
    },
    {
      label: `${name} dx`,
      m: rows,
      n: input,
      k: out,
      transposeA: false,
      transposeB: false,
      output: "f16",
      accumulate: false,
    },
    {
      label: `${name} dW`,
      m: out,
      n: input,
      k: rows,
      transposeA: true,
      transposeB: false,
      output: "f32",
      accumulate: true,
    },
  ]);
}
