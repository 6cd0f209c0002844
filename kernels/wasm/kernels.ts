/**
 * The type of the compiled kernels.
 *
 * Addresses are bytes into the shared memory; counts are elements. Each function's meaning, with shapes and equations,
 * stands in assembly/, in the file named in the comment.
 * @module
 */

type Address = number;
type Bytes = number;
type Flag = 0 | 1;

/** Exports of assembly/index.ts. */
export interface Kernels {
  // pack.ts
  packRight(b: Address, stride: Bytes, columns: number, depth: number, panels: Address): void;
  packRightTransposed(b: Address, stride: Bytes, columns: number, depth: number, panels: Address): void;
  // product.ts
  multiplyPacked(
    a: Address,
    aStride: Bytes,
    right: Address,
    depth: number,
    rows: number,
    columns: number,
    base: Address,
    baseStride: Bytes,
    c: Address,
    stride: Bytes,
    left: Address,
    edge: Address,
  ): void;
  multiplyTransposed(
    a: Address,
    aStride: Bytes,
    b: Address,
    bStride: Bytes,
    depth: number,
    rows: number,
    columns: number,
    accumulate: Flag,
    c: Address,
    stride: Bytes,
    left: Address,
    right: Address,
    edge: Address,
  ): void;
  // norm.ts
  rmsNormForward(
    x: Address,
    weight: Address,
    y: Address,
    reciprocals: Address,
    rows: number,
    width: number,
    epsilon: number,
  ): void;
  rmsNormBackward(
    dy: Address,
    x: Address,
    weight: Address,
    reciprocals: Address,
    base: Address,
    dx: Address,
    part: Address,
    rows: number,
    width: number,
  ): void;
  // head_norm.ts
  headNormForward(
    rows: Address,
    stride: Bytes,
    count: number,
    heads: number,
    headSize: number,
    weight: Address,
    normed: Address,
    normedStride: Bytes,
    reciprocals: Address,
    reciprocalStride: Bytes,
    epsilon: number,
  ): void;
  headNormBackward(
    gradients: Address,
    stride: Bytes,
    count: number,
    heads: number,
    headSize: number,
    weight: Address,
    normed: Address,
    normedStride: Bytes,
    reciprocals: Address,
    reciprocalStride: Bytes,
    part: Address,
  ): void;
  // rotary.ts
  rotaryForward(
    rows: Address,
    stride: Bytes,
    count: number,
    heads: number,
    headSize: number,
    table: Address,
    position: number,
    length: number,
    reciprocals: Address,
    epsilon: number,
  ): void;
  rotaryBackward(
    gradients: Address,
    normalised: Address,
    stride: Bytes,
    count: number,
    heads: number,
    headSize: number,
    table: Address,
    position: number,
    length: number,
    reciprocals: Address,
    reciprocalStride: Bytes,
  ): void;
  // attention.ts
  attentionForward(
    q: Address,
    k: Address,
    v: Address,
    stride: Bytes,
    starts: Address,
    output: Address,
    outputStride: Bytes,
    logSums: Address,
    headSize: number,
    scale: number,
    from: number,
    to: number,
    keyPanels: Address,
    valuePanels: Address,
    left: Address,
    scores: Address,
    edge: Address,
  ): void;
  attentionBackward(
    q: Address,
    k: Address,
    v: Address,
    stride: Bytes,
    starts: Address,
    output: Address,
    outputGradient: Address,
    outputStride: Bytes,
    logSums: Address,
    logSumStride: Bytes,
    dq: Address,
    dk: Address,
    dv: Address,
    length: number,
    group: number,
    headSize: number,
    scale: number,
    keyPanels: Address,
    valuePanels: Address,
    keyRowPanels: Address,
    left: Address,
    right: Address,
    scores: Address,
    scoreGradients: Address,
    edge: Address,
  ): void;
  // swiglu.ts
  swigluForward(gateUp: Address, activation: Address, rows: number, width: number): void;
  swigluBackward(gateUp: Address, gradient: Address, rows: number, width: number): void;
  // loss.ts
  crossEntropy(
    logits: Address,
    stride: Bytes,
    rows: number,
    vocabulary: number,
    targets: Address,
    weights: Address,
    scale: number,
    losses: Address,
    gradient: Flag,
  ): void;
  distil(
    logits: Address,
    stride: Bytes,
    rows: number,
    vocabulary: number,
    targets: Address,
    weights: Address,
    scale: number,
    losses: Address,
    teacher: Address,
    teacherStride: Bytes,
    temperature: number,
    share: number,
    reverse: Flag,
  ): void;
  distilTop(
    logits: Address,
    stride: Bytes,
    rows: number,
    vocabulary: number,
    targets: Address,
    weights: Address,
    scale: number,
    losses: Address,
    teacher: Address,
    ids: Address,
    k: number,
    temperature: number,
    share: number,
  ): void;
  // embedding.ts
  gatherRows(tokens: Address, embedding: Address, x: Address, rows: number, width: number): void;
  scatterRows(
    tokens: Address,
    dx: Address,
    gradient: Address,
    rows: number,
    width: number,
    from: number,
    to: number,
  ): void;
  // move.ts
  clear(target: Address, bytes: Bytes): void;
  copy(target: Address, source: Address, bytes: Bytes): void;
  // reduce.ts
  sumParts(parts: Address, count: number, width: number, target: Address, accumulate: Flag): void;
  sumOfSquares(x: Address, count: number, target: Address): void;
  // adamw.ts
  adamw(
    weights: Address,
    gradients: Address,
    firstMoments: Address,
    secondMoments: Address,
    count: number,
    clip: number,
    keep: number,
    rise1: number,
    beta2: number,
    rise2: number,
    stepSize: number,
    correction: number,
    epsilon: number,
  ): void;
  // influence.ts
  linearProduct(
    x: Address,
    xStride: Bytes,
    panels: Address,
    dy: Address,
    dyStride: Bytes,
    rows: number,
    inputs: number,
    outputs: number,
    y: Address,
    left: Address,
    edge: Address,
    target: Address,
  ): void;
  gramNorm(
    x: Address,
    xStride: Bytes,
    dy: Address,
    dyStride: Bytes,
    rows: number,
    inputs: number,
    outputs: number,
    first: Address,
    second: Address,
    left: Address,
    right: Address,
    edge: Address,
    target: Address,
  ): void;
  gradientNorm(
    x: Address,
    xStride: Bytes,
    dy: Address,
    dyStride: Bytes,
    rows: number,
    inputs: number,
    outputs: number,
    gradient: Address,
    left: Address,
    right: Address,
    edge: Address,
    target: Address,
  ): void;
  gatherProduct(
    tokens: Address,
    vector: Address,
    d: Address,
    rows: number,
    width: number,
    target: Address,
  ): void;
  gatherNorm(tokens: Address, d: Address, rows: number, width: number, target: Address): void;
  gatherLogitGradients(logits: Address, stride: Bytes, tokens: Address, rows: number, c: Address): void;
  tiedNorm(
    h: Address,
    d: Address,
    c: Address,
    rows: number,
    width: number,
    first: Address,
    left: Address,
    right: Address,
    edge: Address,
    target: Address,
  ): void;
  multiplyTransposedWeighted(
    a: Address,
    aStride: Bytes,
    b: Address,
    bStride: Bytes,
    weights: Address,
    depth: number,
    rows: number,
    columns: number,
    c: Address,
    stride: Bytes,
    left: Address,
    right: Address,
    edge: Address,
  ): void;
  scatterRowsWeighted(
    tokens: Address,
    weights: Address,
    dx: Address,
    gradient: Address,
    rows: number,
    width: number,
    from: number,
    to: number,
  ): void;
  // vector_product.ts
  multiplyRow(
    x: Address,
    panels: Address,
    depth: number,
    columns: number,
    base: Address,
    y: Address,
  ): void;
  gatherPanels(tokens: Address, panels: Address, x: Address, rows: number, width: number): void;
  // quantised.ts
  multiplyQuantised(
    x: Address,
    corrections: Address,
    steps: Address,
    rows: number,
    packed: Address,
    scales: Address,
    depth: number,
    group: number,
    columns: number,
    base: Address,
    baseStride: Bytes,
    y: Address,
    stride: Bytes,
  ): void;
  quantiseRows(
    x: Address,
    rows: number,
    width: number,
    group: number,
    p: Address,
    corrections: Address,
    steps: Address,
  ): void;
  gatherQuantised(
    tokens: Address,
    packed: Address,
    scales: Address,
    x: Address,
    rows: number,
    width: number,
    group: number,
  ): void;
  // cached_attention.ts
  attendBlock(
    q: Address,
    heads: number,
    keys: Address,
    values: Address,
    count: number,
    headSize: number,
    scale: number,
    scores: Address,
    parts: Address,
  ): void;
  combineBlocks(
    parts: Address,
    blocks: number,
    stride: Bytes,
    heads: number,
    headSize: number,
    output: Address,
  ): void;
}
