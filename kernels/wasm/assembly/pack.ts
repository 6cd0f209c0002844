/**
 * Panels: the layout from which the product's inner loop reads.
 *
 * A left panel holds 5 rows of the left factor, depth by depth: panel[k][5]. A right panel holds 8 columns of the
 * right factor: panel[k][8]. Panels of one matrix follow each other. They are filled up with zeros, to whole panels
 * and to a depth that is a multiple of 4, so that the inner loop takes four at a time and never looks at an edge.
 */

/** Rows of a left panel. */
export const LEFT = 5;
/** Columns of a right panel. */
export const RIGHT = 8;

/** Depth of the panels of a matrix: the next multiple of 4. */
@inline
export function panelDepth(depth: i32): i32 {
  return (depth + 3) & ~3;
}

/** Fills a depth up with layers of zeros. */
function padDepth(panel: usize, depth: i32, lanes: i32): void {
  const missing = panelDepth(depth) - depth;
  if (missing) memory.fill(panel + <usize>(depth * lanes << 2), 0, <usize>(missing * lanes) << 2);
}

/**
 * A slab of `count` ≤ `lanes` rows of a row-major matrix, transposed: panel[k][lanes]. Strides are in bytes.
 */
function packRows(source: usize, stride: usize, count: i32, depth: i32, panel: usize, lanes: i32): void {
  const step = <usize>lanes << 2;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    let p0 = source + <usize>row * stride;
    let p1 = p0 + stride;
    let p2 = p1 + stride;
    let p3 = p2 + stride;
    let target = panel + (<usize>row << 2);
    let k = 0;
    for (; k + 4 <= depth; k += 4) {
      const r0 = v128.load(p0);
      const r1 = v128.load(p1);
      const r2 = v128.load(p2);
      const r3 = v128.load(p3);
      const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(target, v128.shuffle<i64>(a, b, 0, 2));
      v128.store(target + step, v128.shuffle<i64>(a, b, 1, 3));
      v128.store(target + 2 * step, v128.shuffle<i64>(c, d, 0, 2));
      v128.store(target + 3 * step, v128.shuffle<i64>(c, d, 1, 3));
      target += 4 * step;
      p0 += 16;
      p1 += 16;
      p2 += 16;
      p3 += 16;
    }
    for (; k < depth; k++) {
      store<f32>(target, load<f32>(p0));
      store<f32>(target, load<f32>(p1), 4);
      store<f32>(target, load<f32>(p2), 8);
      store<f32>(target, load<f32>(p3), 12);
      target += step;
      p0 += 4;
      p1 += 4;
      p2 += 4;
      p3 += 4;
    }
  }
  for (; row < lanes; row++) {
    let target = panel + (<usize>row << 2);
    let from = source + <usize>row * stride;
    for (let k = 0; k < depth; k++) {
      store<f32>(target, row < count ? load<f32>(from) : 0);
      target += step;
      from += 4;
    }
  }
  padDepth(panel, depth, lanes);
}

/** A slab of `count` ≤ `lanes` columns of a row-major matrix of `depth` rows: panel[k][lanes]. */
function packColumns(source: usize, stride: usize, count: i32, depth: i32, panel: usize, lanes: i32): void {
  let from = source;
  let target = panel;
  if (count == 8 && lanes == 8) {
    for (let k = 0; k < depth; k++) {
      v128.store(target, v128.load(from));
      v128.store(target, v128.load(from, 16), 16);
      from += stride;
      target += 32;
    }
  } else if (count == 5 && lanes == 5) {
    for (let k = 0; k < depth; k++) {
      v128.store(target, v128.load(from));
      store<f32>(target, load<f32>(from, 16), 16);
      from += stride;
      target += 20;
    }
  } else {
    for (let k = 0; k < depth; k++) {
      for (let column = 0; column < lanes; column++) {
        const at = <usize>column << 2;
        store<f32>(target + at, column < count ? load<f32>(from + at) : 0);
      }
      from += stride;
      target += <usize>lanes << 2;
    }
  }
  padDepth(panel, depth, lanes);
}

/** Left panels of A [rows × depth], row-major. Strides are in bytes. */
export function packLeft(a: usize, stride: usize, rows: i32, depth: i32, panels: usize): void {
  for (let row = 0; row < rows; row += LEFT) {
    packRows(a + <usize>row * stride, stride, min(rows - row, LEFT), depth, panels, LEFT);
    panels += <usize>panelDepth(depth) * (LEFT * 4);
  }
}

/** Left panels of Aᵀ, where A is [depth × rows], row-major. */
export function packLeftTransposed(a: usize, stride: usize, rows: i32, depth: i32, panels: usize): void {
  for (let row = 0; row < rows; row += LEFT) {
    packColumns(a + (<usize>row << 2), stride, min(rows - row, LEFT), depth, panels, LEFT);
    panels += <usize>panelDepth(depth) * (LEFT * 4);
  }
}

/** Right panels of B [depth × columns], row-major. */
export function packRight(b: usize, stride: usize, columns: i32, depth: i32, panels: usize): void {
  for (let column = 0; column < columns; column += RIGHT) {
    packColumns(b + (<usize>column << 2), stride, min(columns - column, RIGHT), depth, panels, RIGHT);
    panels += <usize>panelDepth(depth) * (RIGHT * 4);
  }
}

/** Right panels of Bᵀ, where B is [columns × depth], row-major: a weight matrix in y = x·Wᵀ. */
export function packRightTransposed(b: usize, stride: usize, columns: i32, depth: i32, panels: usize): void {
  for (let column = 0; column < columns; column += RIGHT) {
    packRows(b + <usize>column * stride, stride, min(columns - column, RIGHT), depth, panels, RIGHT);
    panels += <usize>panelDepth(depth) * (RIGHT * 4);
  }
}
