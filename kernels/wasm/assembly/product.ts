/**
 * C = base + A·B from packed panels: the kernel under every matrix product.
 *
 * A tile of C, 5 rows × 8 columns, stays in 10 vector registers while k runs over the depth. The engine checks the
 * bounds of every load, so loads cost more than shuffles do: three rows of A come with one load and are spread by
 * shuffles, two by loads of their own, which keeps both kinds of unit busy. The 15 registers that the engine leaves
 * us hold just that; 6 rows, read one by one, are a fifth slower. Every element of C is one chain of multiply-adds
 * in order of k, whatever tile it lies in.
 */
import { multiplyAdd } from "./lanes";
import { LEFT, packLeft, packLeftTransposed, packRight, panelDepth, RIGHT } from "./pack";

/** Depth that is packed and multiplied at a time: a left and a right panel of it share the first-level cache. */
const DEPTH_BLOCK = 256;

/** One tile: c[5 × 8] = base + left·right. Strides in bytes; `base` 0 stands for zeros, and may be `c` itself. */
function tile(left: usize, right: usize, depth: i32, base: usize, baseStride: usize, c: usize, stride: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00;
  let c21 = c00, c30 = c00, c31 = c00, c40 = c00, c41 = c00;
  if (base) {
    c00 = v128.load(base);
    c01 = v128.load(base, 16);
    base += baseStride;
    c10 = v128.load(base);
    c11 = v128.load(base, 16);
    base += baseStride;
    c20 = v128.load(base);
    c21 = v128.load(base, 16);
    base += baseStride;
    c30 = v128.load(base);
    c31 = v128.load(base, 16);
    base += baseStride;
    c40 = v128.load(base);
    c41 = v128.load(base, 16);
  }
  const end = left + <usize>panelDepth(depth) * (LEFT * 4);
  do {
    let b0 = v128.load(right);
    let b1 = v128.load(right, 16);
    let rows = v128.load(left);
    let a = v128.shuffle<f32>(rows, rows, 0, 0, 0, 0);
    c00 = multiplyAdd(a, b0, c00);
    c01 = multiplyAdd(a, b1, c01);
    a = v128.shuffle<f32>(rows, rows, 1, 1, 1, 1);
    c10 = multiplyAdd(a, b0, c10);
    c11 = multiplyAdd(a, b1, c11);
    a = v128.shuffle<f32>(rows, rows, 2, 2, 2, 2);
    c20 = multiplyAdd(a, b0, c20);
    c21 = multiplyAdd(a, b1, c21);
    a = v128.load32_splat(left, 12);
    c30 = multiplyAdd(a, b0, c30);
    c31 = multiplyAdd(a, b1, c31);
    a = v128.load32_splat(left, 16);
    c40 = multiplyAdd(a, b0, c40);
    c41 = multiplyAdd(a, b1, c41);

    b0 = v128.load(right, 32);
    b1 = v128.load(right, 48);
    rows = v128.load(left, 20);
    a = v128.shuffle<f32>(rows, rows, 0, 0, 0, 0);
    c00 = multiplyAdd(a, b0, c00);
    c01 = multiplyAdd(a, b1, c01);
    a = v128.shuffle<f32>(rows, rows, 1, 1, 1, 1);
    c10 = multiplyAdd(a, b0, c10);
    c11 = multiplyAdd(a, b1, c11);
    a = v128.shuffle<f32>(rows, rows, 2, 2, 2, 2);
    c20 = multiplyAdd(a, b0, c20);
    c21 = multiplyAdd(a, b1, c21);
    a = v128.load32_splat(left, 32);
    c30 = multiplyAdd(a, b0, c30);
    c31 = multiplyAdd(a, b1, c31);
    a = v128.load32_splat(left, 36);
    c40 = multiplyAdd(a, b0, c40);
    c41 = multiplyAdd(a, b1, c41);

    b0 = v128.load(right, 64);
    b1 = v128.load(right, 80);
    rows = v128.load(left, 40);
    a = v128.shuffle<f32>(rows, rows, 0, 0, 0, 0);
    c00 = multiplyAdd(a, b0, c00);
    c01 = multiplyAdd(a, b1, c01);
    a = v128.shuffle<f32>(rows, rows, 1, 1, 1, 1);
    c10 = multiplyAdd(a, b0, c10);
    c11 = multiplyAdd(a, b1, c11);
    a = v128.shuffle<f32>(rows, rows, 2, 2, 2, 2);
    c20 = multiplyAdd(a, b0, c20);
    c21 = multiplyAdd(a, b1, c21);
    a = v128.load32_splat(left, 52);
    c30 = multiplyAdd(a, b0, c30);
    c31 = multiplyAdd(a, b1, c31);
    a = v128.load32_splat(left, 56);
    c40 = multiplyAdd(a, b0, c40);
    c41 = multiplyAdd(a, b1, c41);

    b0 = v128.load(right, 96);
    b1 = v128.load(right, 112);
    rows = v128.load(left, 60);
    a = v128.shuffle<f32>(rows, rows, 0, 0, 0, 0);
    c00 = multiplyAdd(a, b0, c00);
    c01 = multiplyAdd(a, b1, c01);
    a = v128.shuffle<f32>(rows, rows, 1, 1, 1, 1);
    c10 = multiplyAdd(a, b0, c10);
    c11 = multiplyAdd(a, b1, c11);
    a = v128.shuffle<f32>(rows, rows, 2, 2, 2, 2);
    c20 = multiplyAdd(a, b0, c20);
    c21 = multiplyAdd(a, b1, c21);
    a = v128.load32_splat(left, 72);
    c30 = multiplyAdd(a, b0, c30);
    c31 = multiplyAdd(a, b1, c31);
    a = v128.load32_splat(left, 76);
    c40 = multiplyAdd(a, b0, c40);
    c41 = multiplyAdd(a, b1, c41);
    left += 4 * LEFT * 4;
    right += 4 * RIGHT * 4;
  } while (left < end);
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += stride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += stride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += stride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  c += stride;
  v128.store(c, c40);
  v128.store(c, c41, 16);
}

/** Copies the part of a tile that lies inside the matrix, to or from the 5 × 8 edge buffer. */
function copyCorner(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      store<f32>(to + (<usize>column << 2), load<f32>(from + (<usize>column << 2)));
    }
    from += fromStride;
    to += toStride;
  }
}

/**
 * C [rows × columns] = base + A·B from panels of both.
 *
 * @param left left panels of A, `depth` deep
 * @param right right panels of B, `rightStride` bytes from one to the next: they may be slices of deeper panels
 * @param base row-major matrix that is added, 0 for none; may be `c`
 * @param edge 160 bytes of scratch for tiles that lie across C's edge
 */
export function multiplyPanels(
  left: usize,
  right: usize,
  rightStride: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  base: usize,
  baseStride: usize,
  c: usize,
  stride: usize,
  edge: usize,
): void {
  const leftStride = <usize>panelDepth(depth) * (LEFT * 4);
  for (let column = 0; column < columns; column += RIGHT) {
    const width = min(columns - column, RIGHT);
    const across = <usize>column << 2;
    let panel = left;
    for (let row = 0; row < rows; row += LEFT) {
      const height = min(rows - row, LEFT);
      const to = c + <usize>row * stride + across;
      const from = base ? base + <usize>row * baseStride + across : 0;
      if (height == LEFT && width == RIGHT) {
        tile(panel, right, depth, from, baseStride, to, stride);
      } else {
        if (from) copyCorner(from, baseStride, edge, RIGHT * 4, height, width);
        tile(panel, right, depth, from ? edge : 0, RIGHT * 4, edge, RIGHT * 4);
        copyCorner(edge, RIGHT * 4, to, stride, height, width);
      }
      panel += leftStride;
    }
    right += rightStride;
  }
}

/**
 * C [rows × columns] = base + A·B for row-major A [rows × depth] and B in right panels, `depth` deep.
 *
 * @param left scratch for the left panels of `rows` (rounded up to 5) × 256 elements
 */
export function multiplyPacked(
  a: usize,
  aStride: usize,
  right: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  base: usize,
  baseStride: usize,
  c: usize,
  stride: usize,
  left: usize,
  edge: usize,
): void {
  const rightStride = <usize>panelDepth(depth) * (RIGHT * 4);
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const slice = min(depth - k, DEPTH_BLOCK);
    packLeft(a + (<usize>k << 2), aStride, rows, slice, left);
    multiplyPanels(left, right + <usize>k * (RIGHT * 4), rightStride, slice, rows, columns, base, baseStride, c, stride, edge);
    base = c;
    baseStride = stride;
  }
}

/**
 * C [rows × columns] = (accumulate ? C : 0) + Aᵀ·B for row-major A [depth × rows] and B [depth × columns]: a weight's
 * gradient from the gradient of its outputs and its inputs.
 *
 * @param left scratch for left panels of `rows` (rounded up to 5) × 256 elements
 * @param right scratch for right panels of `columns` (rounded up to 8) × 256 elements
 */
export function multiplyTransposed(
  a: usize,
  aStride: usize,
  b: usize,
  bStride: usize,
  depth: i32,
  rows: i32,
  columns: i32,
  accumulate: bool,
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
    const rightStride = <usize>panelDepth(slice) * (RIGHT * 4);
    multiplyPanels(left, right, rightStride, slice, rows, columns, accumulate ? c : 0, stride, c, stride, edge);
    accumulate = true;
  }
}
