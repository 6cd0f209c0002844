/** What a plan does to memory as such. */

/** Zeros. */
export function clear(target: usize, bytes: usize): void {
  memory.fill(target, 0, bytes);
}

/** A copy. */
export function copy(target: usize, source: usize, bytes: usize): void {
  memory.copy(target, source, bytes);
}
