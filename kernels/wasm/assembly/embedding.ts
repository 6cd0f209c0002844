/** Rows of the embedding: gathered forwards, their gradients scattered backwards. */

/** x [rows × width] = E[token]. */
export function gatherRows(tokens: usize, embedding: usize, x: usize, rows: i32, width: i32): void {
  const bytes = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    const from = embedding + <usize>load<u32>(tokens + (<usize>row << 2)) * bytes;
    for (let i: usize = 0; i < bytes; i += 16) v128.store(x + i, v128.load(from + i));
    x += bytes;
  }
}

/**
 * dE[token] += dx[row] in order of the rows, for tokens `from` … `to` (exclusive) alone: whoever owns that range of
 * the vocabulary adds in the same order, whatever the number of workers.
 */
export function scatterRows(
  tokens: usize,
  dx: usize,
  gradient: usize,
  rows: i32,
  width: i32,
  from: u32,
  to: u32,
): void {
  const bytes = <usize>width << 2;
  for (let row = 0; row < rows; row++) {
    const token = load<u32>(tokens + (<usize>row << 2));
    if (token >= from && token < to) {
      const target = gradient + <usize>token * bytes;
      for (let i: usize = 0; i < bytes; i += 16) {
        v128.store(target + i, f32x4.add(v128.load(target + i), v128.load(dx + i)));
      }
    }
    dx += bytes;
  }
}
