/**
 * What influence needs of a sequence's gradient without forming it for the batch: its product with a vector, its squared norm,
 * and its share in a weighted sum.
 *
 * A linear layer with inputs X [T × inputs] and gradients of its outputs dY [T × outputs] has the gradient G = dYᵀ·X, so
 * ⟨G, V⟩ = Σ (X·Vᵀ)∘dY and ‖G‖² = Σ (X·Xᵀ)∘(dY·dYᵀ). Elements are multiplied in float32 and summed in float64;
 * each function adds its result to the float64 at `target`. Strides are in bytes.
 */
import { multiplyAdd } from "./lanes";
import { packLeft, packLeftTransposed, packRight, packRightTransposed, panelDepth, RIGHT } from "./pack";
import { multiplyPacked, multiplyPanels, multiplyTransposed } from "./product";

/** Depth that is packed at a time, as in product.ts. */
const DEPTH_BLOCK = 256;
/** Rows that are multiplied at a time: whole left panels. */
const ROWS = 40;
/** Columns of X·Vᵀ that exist at a time. */
const PRODUCT_COLUMNS = 512;
/** Rows and columns of X·Xᵀ and dY·dYᵀ that exist at a time. */
const GRAM_TILE = 160;
/** Columns of a gradient that exist at a time; GRAM_TILE rows. */
const GRADIENT_COLUMNS = 256;

@inline
function addDouble(target: usize, value: f64): void {
  store<f64>(target, load<f64>(target) + value);
}

/** a·b. */
function dot(a: usize, b: usize, count: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  let i: usize = 0;
  for (const end = <usize>(count & ~3) << 2; i < end; i += 16) {
    const products = f32x4.mul(v128.load(a + i), v128.load(b + i));
    low = f64x2.add(low, f64x2.promote_low_f32x4(products));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(products, products, 1, 1)));
  }
  const sums = f64x2.add(low, high);
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (const end = <usize>count << 2; i < end; i += 4) sum += <f64>(load<f32>(a + i) * load<f32>(b + i));
  return sum;
}

/**
 * Σ (X·Vᵀ)∘dY for V [outputs × inputs] in right panels of Vᵀ.
 *
 * @param y scratch for 40 × 512 elements
 * @param left scratch for left panels of 40 × 256 elements
 */
export function linearProduct(
  x: usize,
  xStride: usize,
  panels: usize,
  dy: usize,
  dyStride: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  y: usize,
  left: usize,
  edge: usize,
  target: usize,
): void {
  const panelBytes = <usize>panelDepth(inputs) * (RIGHT * 4);
  let sum: f64 = 0;
  for (let column = 0; column < outputs; column += PRODUCT_COLUMNS) {
    const width = min(outputs - column, PRODUCT_COLUMNS);
    const yStride = <usize>width << 2;
    const right = panels + <usize>(column / RIGHT) * panelBytes;
    for (let row = 0; row < rows; row += ROWS) {
      const height = min(rows - row, ROWS);
      multiplyPacked(x + <usize>row * xStride, xStride, right, inputs, height, width, 0, 0, y, yStride, left, edge);
      const upstream = dy + <usize>row * dyStride + (<usize>column << 2);
      for (let i: usize = 0; i < <usize>height; i++) sum += dot(y + i * yStride, upstream + i * dyStride, width);
    }
  }
  addDouble(target, sum);
}

/**
 * C [rows × columns] = A·Bᵀ for row-major A and B, rows of C GRAM_TILE elements apart. With `lower`, B is A and only what
 * lies on and below the diagonal is complete.
 */
function outer(
  a: usize,
  aStride: usize,
  rows: i32,
  b: usize,
  bStride: usize,
  columns: i32,
  depth: i32,
  lower: bool,
  c: usize,
  left: usize,
  right: usize,
  edge: usize,
): void {
  const stride: usize = GRAM_TILE * 4;
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const slice = min(depth - k, DEPTH_BLOCK);
    const across = <usize>k << 2;
    const rightStride = <usize>panelDepth(slice) * (RIGHT * 4);
    packRightTransposed(b + across, bStride, columns, slice, right);
    for (let row = 0; row < rows; row += ROWS) {
      const height = min(rows - row, ROWS);
      const width = lower ? min(columns, row + height) : columns;
      const to = c + <usize>row * stride;
      packLeft(a + <usize>row * aStride + across, aStride, height, slice, left);
      multiplyPanels(left, right, rightStride, slice, height, width, k ? to : 0, stride, to, stride, edge);
    }
  }
}

/**
 * ‖dYᵀ·X‖² as Σ (X·Xᵀ)∘(dY·dYᵀ): T²·(inputs + outputs) multiply-adds, half of them by symmetry.
 *
 * @param first, second scratch for 160 × 160 elements each
 * @param left scratch for left panels of 40 × 256 elements
 * @param right scratch for right panels of 160 × 256 elements
 */
export function gramNorm(
  x: usize,
  xStride: usize,
  dy: usize,
  dyStride: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  first: usize,
  second: usize,
  left: usize,
  right: usize,
  edge: usize,
  target: usize,
): void {
  const stride: usize = GRAM_TILE * 4;
  let sum: f64 = 0;
  for (let column = 0; column < rows; column += GRAM_TILE) {
    const width = min(rows - column, GRAM_TILE);
    const xColumns = x + <usize>column * xStride;
    const dyColumns = dy + <usize>column * dyStride;
    for (let row = column; row < rows; row += GRAM_TILE) {
      const height = min(rows - row, GRAM_TILE);
      const lower = row == column;
      outer(x + <usize>row * xStride, xStride, height, xColumns, xStride, width, inputs, lower, first, left, right, edge);
      outer(dy + <usize>row * dyStride, dyStride, height, dyColumns, dyStride, width, outputs, lower, second, left, right, edge);
      for (let i = 0; i < height; i++) {
        const at = <usize>i * stride;
        // Below the diagonal every pair of positions stands for two.
        sum += 2 * dot(first + at, second + at, lower ? i : width);
        if (lower) {
          const diagonal = at + (<usize>i << 2);
          sum += <f64>load<f32>(first + diagonal) * <f64>load<f32>(second + diagonal);
        }
      }
    }
  }
  addDouble(target, sum);
}

/**
 * ‖dYᵀ·X‖² from the gradient itself, a tile at a time: T·inputs·outputs multiply-adds.
 *
 * @param gradient scratch for 160 × 256 elements
 * @param left scratch for left panels of 160 × 256 elements
 * @param right scratch for right panels of 256 × 256 elements
 */
export function gradientNorm(
  x: usize,
  xStride: usize,
  dy: usize,
  dyStride: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  gradient: usize,
  left: usize,
  right: usize,
  edge: usize,
  target: usize,
): void {
  let sum: f64 = 0;
  for (let output = 0; output < outputs; output += GRAM_TILE) {
    const height = min(outputs - output, GRAM_TILE);
    for (let input = 0; input < inputs; input += GRADIENT_COLUMNS) {
      const width = min(inputs - input, GRADIENT_COLUMNS);
      multiplyTransposed(
        dy + (<usize>output << 2),
        dyStride,
        x + (<usize>input << 2),
        xStride,
        rows,
        height,
        width,
        false,
        gradient,
        <usize>width << 2,
        left,
        right,
        edge,
      );
      sum += dot(gradient, gradient, height * width);
    }
  }
  addDouble(target, sum);
}

/** Σₜ dₜ·V[xₜ] for the gradients d [rows × width] of gathered rows. */
export function gatherProduct(tokens: usize, vector: usize, d: usize, rows: i32, width: i32, target: usize): void {
  const bytes = <usize>width << 2;
  let sum: f64 = 0;
  for (let row = 0; row < rows; row++) {
    sum += dot(d + <usize>row * bytes, vector + <usize>load<u32>(tokens + (<usize>row << 2)) * bytes, width);
  }
  addDouble(target, sum);
}

/** ‖Σₜ e(xₜ)·dₜᵀ‖² = Σₜₛ [xₜ = xₛ] dₜ·dₛ. */
export function gatherNorm(tokens: usize, d: usize, rows: i32, width: i32, target: usize): void {
  const bytes = <usize>width << 2;
  let sum: f64 = 0;
  for (let row = 0; row < rows; row++) {
    const token = load<u32>(tokens + (<usize>row << 2));
    const at = d + <usize>row * bytes;
    sum += dot(at, at, width);
    for (let earlier = 0; earlier < row; earlier++) {
      if (load<u32>(tokens + (<usize>earlier << 2)) == token) sum += 2 * dot(at, d + <usize>earlier * bytes, width);
    }
  }
  addDouble(target, sum);
}

/** C [rows × rows]: C[s, t] = dz[s, xₜ], the gradient of position s's logit of the token at t. */
export function gatherLogitGradients(logits: usize, stride: usize, tokens: usize, rows: i32, c: usize): void {
  for (let s = 0; s < rows; s++) {
    for (let t = 0; t < rows; t++) {
      store<f32>(c, load<f32>(logits + (<usize>load<u32>(tokens + (<usize>t << 2)) << 2)));
      c += 4;
    }
    logits += stride;
  }
}

/**
 * What a tied embedding's squared norm has between its two parts: 2 Σₜₛ C[s, t]·(hₛ·dₜ), for the head's inputs
 * h [rows × width] and the gradients d [rows × width] of the gathered rows.
 *
 * @param first, left, right scratch as gramNorm's
 */
export function tiedNorm(
  h: usize,
  d: usize,
  c: usize,
  rows: i32,
  width: i32,
  first: usize,
  left: usize,
  right: usize,
  edge: usize,
  target: usize,
): void {
  const bytes = <usize>width << 2;
  let sum: f64 = 0;
  for (let t = 0; t < rows; t += GRAM_TILE) {
    const columns = min(rows - t, GRAM_TILE);
    for (let s = 0; s < rows; s += GRAM_TILE) {
      const height = min(rows - s, GRAM_TILE);
      outer(h + <usize>s * bytes, bytes, height, d + <usize>t * bytes, bytes, columns, width, false, first, left, right, edge);
      for (let i = 0; i < height; i++) {
        sum += dot(first + <usize>i * (GRAM_TILE * 4), c + (<usize>((s + i) * rows + t) << 2), columns);
      }
    }
  }
  addDouble(target, 2 * sum);
}

/** Right panels' depth k times weights[k]. */
function weightPanels(panels: usize, columns: i32, depth: i32, weights: usize): void {
  const padding = <usize>(panelDepth(depth) - depth) * (RIGHT * 4);
  for (let column = 0; column < columns; column += RIGHT) {
    for (let k = 0; k < depth; k++) {
      const weight = v128.load32_splat(weights + (<usize>k << 2));
      v128.store(panels, f32x4.mul(v128.load(panels), weight));
      v128.store(panels, f32x4.mul(v128.load(panels, 16), weight), 16);
      panels += RIGHT * 4;
    }
    panels += padding;
  }
}

/**
 * C [rows × columns] = Σₖ weights[k]·A[k]ᵀ·B[k] over the rows of A [depth × rows] and B [depth × columns]: a weight's
 * gradient with each position weighted.
 *
 * @param left scratch for left panels of `rows` (rounded up to 5) × 256 elements
 * @param right scratch for right panels of `columns` (rounded up to 8) × 256 elements
 */
export function multiplyTransposedWeighted(
  a: usize,
  aStride: usize,
  b: usize,
  bStride: usize,
  weights: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  c: usize,
  stride: usize,
  left: usize,
  right: usize,
  edge: usize,
): void {
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const slice = min(depth - k, DEPTH_BLOCK);
    packLeftTransposed(a + <usize>k * aStride, aStride, rows, slice, left);
    packRight(b + <usize>k * bStride, bStride, columns, slice, right);
    weightPanels(right, columns, slice, weights + (<usize>k << 2));
    const rightStride = <usize>panelDepth(slice) * (RIGHT * 4);
    multiplyPanels(left, right, rightStride, slice, rows, columns, k ? c : 0, stride, c, stride, edge);
  }
}

/** scatterRows with row t times weights[t]. */
export function scatterRowsWeighted(
  tokens: usize,
  weights: usize,
  dx: usize,
  gradient: usize,
  rows: i32,
  width: i32,
  from: u32,
  to: u32,
): void {
  const bytes = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    const at = <usize>row << 2;
    const token = load<u32>(tokens + at);
    if (token >= from && token < to) {
      const target = gradient + <usize>token * bytes;
      const weight = v128.load32_splat(weights + at);
      for (let i: usize = 0; i < bytes; i += 16) {
        v128.store(target + i, multiplyAdd(v128.load(dx + i), weight, v128.load(target + i)));
      }
    }
    dx += bytes;
  }
}
