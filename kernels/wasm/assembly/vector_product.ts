/**
 * y = base + x·Wᵀ for a single row x, from right panels of Wᵀ: what decoding one text does, bound by memory.
 *
 * Every output is the same chain of multiply-adds in order of k as in multiplyPacked, so a row comes out with the same
 * bits whether it is multiplied alone or among others.
 */
import { multiplyAdd } from "./lanes";
import { panelDepth, RIGHT } from "./pack";

/** 32 columns from four neighbouring panels: four streams of memory, eight chains at a time. */
function fourPanels(x: usize, panels: usize, stride: usize, depth: i32, base: usize, y: usize): void {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
  if (base) {
    c0 = v128.load(base);
    c1 = v128.load(base, 16);
    c2 = v128.load(base, 32);
    c3 = v128.load(base, 48);
    c4 = v128.load(base, 64);
    c5 = v128.load(base, 80);
    c6 = v128.load(base, 96);
    c7 = v128.load(base, 112);
  }
  let first = panels;
  let second = first + stride;
  let third = second + stride;
  let fourth = third + stride;
  const end = x + (<usize>depth << 2);
  while (x < end) {
    const a = v128.load32_splat(x);
    c0 = multiplyAdd(a, v128.load(first), c0);
    c1 = multiplyAdd(a, v128.load(first, 16), c1);
    c2 = multiplyAdd(a, v128.load(second), c2);
    c3 = multiplyAdd(a, v128.load(second, 16), c3);
    c4 = multiplyAdd(a, v128.load(third), c4);
    c5 = multiplyAdd(a, v128.load(third, 16), c5);
    c6 = multiplyAdd(a, v128.load(fourth), c6);
    c7 = multiplyAdd(a, v128.load(fourth, 16), c7);
    x += 4;
    first += RIGHT * 4;
    second += RIGHT * 4;
    third += RIGHT * 4;
    fourth += RIGHT * 4;
  }
  v128.store(y, c0);
  v128.store(y, c1, 16);
  v128.store(y, c2, 32);
  v128.store(y, c3, 48);
  v128.store(y, c4, 64);
  v128.store(y, c5, 80);
  v128.store(y, c6, 96);
  v128.store(y, c7, 112);
}

/** One column. */
function oneColumn(x: usize, panel: usize, lane: i32, depth: i32, base: usize, y: usize): void {
  const at = <usize>lane << 2;
  let c = f32x4.splat(base ? load<f32>(base + at) : 0);
  panel += at;
  for (let k = 0; k < depth; k++) {
    c = multiplyAdd(v128.load32_splat(x), v128.load32_splat(panel), c);
    x += 4;
    panel += RIGHT * 4;
  }
  store<f32>(y + at, f32x4.extract_lane(c, 0));
}

/**
 * y [columns] = base + x [depth]·Wᵀ.
 *
 * @param panels right panels of these columns, `depth` deep
 * @param base added, 0 for none; may be `y`
 */
export function multiplyRow(x: usize, panels: usize, depth: i32, columns: i32, base: usize, y: usize): void {
  const stride = <usize>panelDepth(depth) * (RIGHT * 4);
  let column = 0;
  for (; column + 4 * RIGHT <= columns; column += 4 * RIGHT) {
    fourPanels(x, panels, stride, depth, base, y);
    panels += 4 * stride;
    y += 4 * RIGHT * 4;
    if (base) base += 4 * RIGHT * 4;
  }
  for (; column < columns; column += RIGHT) {
    const width = min(columns - column, RIGHT);
    for (let lane = 0; lane < width; lane++) oneColumn(x, panels, lane, depth, base, y);
    panels += stride;
    y += RIGHT * 4;
    if (base) base += RIGHT * 4;
  }
}

/** x [rows × width] = E[token], from right panels of Eᵀ: column `token` of them. */
export function gatherPanels(tokens: usize, panels: usize, x: usize, rows: i32, width: i32): void {
  const stride = <usize>panelDepth(width) * (RIGHT * 4);
  for (let row = 0; row < rows; row++) {
    const token = load<u32>(tokens + (<usize>row << 2));
    let from = panels + <usize>(token / RIGHT) * stride + <usize>((token % RIGHT) << 2);
    for (let i = 0; i < width; i++) {
      store<f32>(x, load<f32>(from));
      from += RIGHT * 4;
      x += 4;
    }
  }
}
