/**
 * Cross-entropy and distillation, row by row over logits [rows × vocabulary], and their gradients in the logits' place.
 *
 * Rows are `stride` bytes apart, a multiple of 16, and what lies beyond the vocabulary is overwritten: −∞ there, whose
 * exponential is 0, keeps the loops free of edges.
 */
import { exponential, logarithm, maxLanes, multiplyAdd, sumLanes } from "./lanes";

/** A row's length in bytes, rounded up to whole vectors. */
@inline
function rowBytes(vocabulary: i32): usize {
  return (<usize>((vocabulary + 3) & ~3)) << 2;
}

/** Sets the elements between the vocabulary's end and the vector's end to −∞; returns the largest element. */
function closeRow(row: usize, vocabulary: i32): f32 {
  const bytes = rowBytes(vocabulary);
  for (let i = <usize>vocabulary << 2; i < bytes; i += 4) store<f32>(row + i, -Infinity);
  let largest = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < bytes; i += 16) largest = f32x4.pmax(largest, v128.load(row + i));
  return maxLanes(largest);
}

/** Adds to one float in memory. */
@inline
function addTo(row: usize, index: i32, value: f32): void {
  const at = row + (<usize>index << 2);
  store<f32>(at, load<f32>(at) + value);
}

/** Σ e^(factor·(x − top)) over a row. */
function exponentialSum(row: usize, bytes: usize, top: f32, factor: f32): f32 {
  let sums = f32x4.splat(0);
  const scale = f32x4.splat(factor);
  const shift = f32x4.splat(-top);
  for (let i: usize = 0; i < bytes; i += 16) {
    sums = f32x4.add(sums, exponential(f32x4.mul(f32x4.add(v128.load(row + i), shift), scale)));
  }
  return sumLanes(sums);
}

/**
 * loss[row] = −log softmax(z)[target]; with `gradient`, z ← weight·scale·(softmax(z) − onehot(target)).
 * A row of weight 0 has loss 0 and gradient 0.
 */
export function crossEntropy(
  logits: usize,
  stride: usize,
  rows: i32,
  vocabulary: i32,
  targets: usize,
  weights: usize,
  scale: f32,
  losses: usize,
  gradient: bool,
): void {
  const bytes = rowBytes(vocabulary);
  for (let row = 0; row < rows; row++) {
    const z = logits + <usize>row * stride;
    const at = <usize>row << 2;
    const weight = load<f32>(weights + at);
    if (weight == 0) {
      store<f32>(losses + at, 0);
      if (gradient) memory.fill(z, 0, bytes);
      continue;
    }
    const target = load<i32>(targets + at);
    const top = closeRow(z, vocabulary);
    const chosen = load<f32>(z + (<usize>target << 2)) - top;
    if (!gradient) {
      store<f32>(losses + at, <f32>logarithm(exponentialSum(z, bytes, top, 1)) - chosen);
      continue;
    }
    const shift = f32x4.splat(-top);
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const e = exponential(f32x4.add(v128.load(z + i), shift));
      v128.store(z + i, e);
      sums = f32x4.add(sums, e);
    }
    const sum = sumLanes(sums);
    store<f32>(losses + at, <f32>logarithm(sum) - chosen);
    const factor = f32x4.splat(weight * scale / sum);
    for (let i: usize = 0; i < bytes; i += 16) v128.store(z + i, f32x4.mul(v128.load(z + i), factor));
    addTo(z, target, -weight * scale);
  }
}

/** Keeps 0·log 0 at 0 where a teacher rules a token out with −∞. */
const LOWEST_LOG: f32 = -1e30;

/**
 * loss[row] = s·cross-entropy + (1 − s)·τ²·KL for a teacher with logits t over the whole vocabulary;
 * p = softmax(t/τ), q = softmax(z/τ). Gradients in z of τ²·KL: forward KL(p‖q): τ·(q − p);
 * reverse KL(q‖p): τ·q∘(log q − log p − KL).
 *
 * @param teacher logits [rows × vocabulary], `teacherStride` bytes apart, a multiple of 16; also overwritten beyond the vocabulary
 * @param share s
 */
export function distil(
  logits: usize,
  stride: usize,
  rows: i32,
  vocabulary: i32,
  targets: usize,
  weights: usize,
  scale: f32,
  losses: usize,
  teacher: usize,
  teacherStride: usize,
  temperature: f32,
  share: f32,
  reverse: bool,
): void {
  const bytes = rowBytes(vocabulary);
  const inverse: f32 = 1 / temperature;
  const inverses = f32x4.splat(inverse);
  for (let row = 0; row < rows; row++) {
    const z = logits + <usize>row * stride;
    const t = teacher + <usize>row * teacherStride;
    const at = <usize>row << 2;
    const weight = load<f32>(weights + at);
    if (weight == 0) {
      store<f32>(losses + at, 0);
      memory.fill(z, 0, bytes);
      continue;
    }
    const target = load<i32>(targets + at);
    const top = closeRow(z, vocabulary);
    const teacherTop = closeRow(t, vocabulary);
    const hardSum = exponentialSum(z, bytes, top, 1);
    const hardLoss = <f32>logarithm(hardSum) - (load<f32>(z + (<usize>target << 2)) - top);
    // log q = (z − top)/τ − log Σ; log p likewise
    const shift = f32x4.splat(-top);
    const teacherShift = f32x4.splat(-teacherTop);
    const logSum = f32x4.splat(<f32>logarithm(exponentialSum(z, bytes, top, inverse)));
    const teacherLogSum = f32x4.splat(<f32>logarithm(exponentialSum(t, bytes, teacherTop, inverse)));
    const lowest = f32x4.splat(LOWEST_LOG);
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const logQ = f32x4.pmax(f32x4.sub(f32x4.mul(f32x4.add(v128.load(z + i), shift), inverses), logSum), lowest);
      const logP = f32x4.pmax(
        f32x4.sub(f32x4.mul(f32x4.add(v128.load(t + i), teacherShift), inverses), teacherLogSum),
        lowest,
      );
      const chance = exponential(reverse ? logQ : logP);
      const difference = reverse ? f32x4.sub(logQ, logP) : f32x4.sub(logP, logQ);
      sums = multiplyAdd(chance, difference, sums);
    }
    const divergence = sumLanes(sums);
    store<f32>(losses + at, share * hardLoss + (1 - share) * temperature * temperature * divergence);
    const hardFactor = f32x4.splat(weight * scale * share / hardSum);
    const softFactor = f32x4.splat(weight * scale * (1 - share) * temperature);
    const centre = f32x4.splat(divergence);
    for (let i: usize = 0; i < bytes; i += 16) {
      const centred = f32x4.add(v128.load(z + i), shift);
      const logQ = f32x4.pmax(f32x4.sub(f32x4.mul(centred, inverses), logSum), lowest);
      const logP = f32x4.pmax(
        f32x4.sub(f32x4.mul(f32x4.add(v128.load(t + i), teacherShift), inverses), teacherLogSum),
        lowest,
      );
      const q = exponential(logQ);
      const slope = reverse
        ? f32x4.mul(q, f32x4.sub(f32x4.sub(logQ, logP), centre))
        : f32x4.sub(q, exponential(logP));
      v128.store(z + i, multiplyAdd(softFactor, slope, f32x4.mul(hardFactor, exponential(centred))));
    }
    addTo(z, target, -weight * scale * share);
  }
}

/**
 * The forward divergence for a teacher that gives its `k` largest logits: p = softmax over those alone,
 * KL = Σ p·(log p − log q[id]); gradient of τ²·KL in z: τ·(q − p).
 *
 * @param teacher logits [rows × k]
 * @param ids their vocabulary ids [rows × k]
 */
export function distilTop(
  logits: usize,
  stride: usize,
  rows: i32,
  vocabulary: i32,
  targets: usize,
  weights: usize,
  scale: f32,
  losses: usize,
  teacher: usize,
  ids: usize,
  k: i32,
  temperature: f32,
  share: f32,
): void {
  const bytes = rowBytes(vocabulary);
  const inverse: f32 = 1 / temperature;
  const inverses = f32x4.splat(inverse);
  for (let row = 0; row < rows; row++) {
    const z = logits + <usize>row * stride;
    const t = teacher + <usize>(row * k) * 4;
    const id = ids + <usize>(row * k) * 4;
    const at = <usize>row << 2;
    const weight = load<f32>(weights + at);
    if (weight == 0) {
      store<f32>(losses + at, 0);
      memory.fill(z, 0, bytes);
      continue;
    }
    const target = load<i32>(targets + at);
    const top = closeRow(z, vocabulary);
    const hardSum = exponentialSum(z, bytes, top, 1);
    const hardLoss = <f32>logarithm(hardSum) - (load<f32>(z + (<usize>target << 2)) - top);
    const softSum = exponentialSum(z, bytes, top, inverse);
    const logSum = <f32>logarithm(softSum);

    let teacherTop: f32 = -Infinity;
    for (let i = 0; i < k; i++) teacherTop = max(teacherTop, load<f32>(t + (<usize>i << 2)));
    let teacherSum: f32 = 0;
    for (let i = 0; i < k; i++) teacherSum += chanceOf(t, i, teacherTop, inverse);
    const teacherLogSum = <f32>logarithm(teacherSum);
    let divergence: f32 = 0;
    for (let i = 0; i < k; i++) {
      const p = chanceOf(t, i, teacherTop, inverse) / teacherSum;
      if (p == 0) continue;
      const logP = (load<f32>(t + (<usize>i << 2)) - teacherTop) * inverse - teacherLogSum;
      const logit = load<f32>(z + (<usize>load<i32>(id + (<usize>i << 2)) << 2));
      divergence += p * (logP - ((logit - top) * inverse - logSum));
    }
    store<f32>(losses + at, share * hardLoss + (1 - share) * temperature * temperature * divergence);

    const shift = f32x4.splat(-top);
    const hardFactor = f32x4.splat(weight * scale * share / hardSum);
    const soft = weight * scale * (1 - share) * temperature;
    const softFactor = f32x4.splat(soft / softSum);
    for (let i: usize = 0; i < bytes; i += 16) {
      const centred = f32x4.add(v128.load(z + i), shift);
      const q = f32x4.mul(softFactor, exponential(f32x4.mul(centred, inverses)));
      v128.store(z + i, multiplyAdd(hardFactor, exponential(centred), q));
    }
    for (let i = 0; i < k; i++) {
      addTo(z, load<i32>(id + (<usize>i << 2)), -soft * chanceOf(t, i, teacherTop, inverse) / teacherSum);
    }
    addTo(z, target, -weight * scale * share);
  }
}

/** e^((t[i] − top)/τ), with the very exponential of the vector loops. */
function chanceOf(t: usize, i: i32, top: f32, inverse: f32): f32 {
  return f32x4.extract_lane(exponential(f32x4.splat((load<f32>(t + (<usize>i << 2)) - top) * inverse)), 0);
}
