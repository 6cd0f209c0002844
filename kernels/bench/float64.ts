/**
 * Arrays in 64 bits, for references on the host.
 * @module
 */

/** An entry; NaN, which every comparison notices, where there is none. */
export function get(values: ArrayLike<number>, i: number): number {
  return values[i] ?? NaN;
}

/** values[i] += value. */
export function add(values: Float64Array, i: number, value: number): void {
  values[i] = get(values, i) + value;
}

/** a + b. */
export function sum(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + get(b, i));
}

/** a · b. */
export function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * get(b, i), 0);
}

/** softmax(z / τ). */
export function softmax(z: Float64Array, temperature: number): Float64Array {
  const highest = z.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = z.map((value) => Math.exp((value - highest) / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** ‖a − b‖ / ‖b‖. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (get(a, i) - get(b, i)) ** 2;
    norm += get(b, i) ** 2;
  }
  return Math.sqrt(difference / norm);
}
