/**
 * WGSL that a draw is put together from: sums up to each block, the search for a threshold, the pick of a token. They share the
 * workgroup's memory and need `V`, `BLOCK`, `THREADS` and `logits`.
 * @module
 */

/** Blocks of the vocabulary, threads of a workgroup, and values of a digit: one thread for each. */
export const BLOCKS = 256;

/** `scan(index)`: each entry of `sums` becomes the sum of those up to it. */
export const SCAN = `
var<workgroup> sums: array<u32, ${BLOCKS}>;
var<workgroup> bins: array<atomic<u32>, ${BLOCKS}>;
var<workgroup> found: vec2u;
var<workgroup> chosen: u32;
fn scan(index: u32) {
  workgroupBarrier();
  for (var reach = 1u; reach < THREADS; reach <<= 1) {
    var sum = sums[index];
    if (index >= reach) { sum += sums[index - reach]; }
    workgroupBarrier();
    sums[index] = sum;
    workgroupBarrier();
  }
}
// The first entry whose sum, with what came before all, reaches the limit; and the sum before it.
fn firstReaching(limit: u32, before: u32, index: u32) -> vec2u {
  if (index == 0) { found = vec2u(THREADS - 1, before); }
  workgroupBarrier();
  let previous = before + select(0u, sums[max(index, 1) - 1], index > 0);
  if (before + sums[index] >= limit && previous < limit) { found = vec2u(index, previous); }
  return workgroupUniformLoad(&found);
}`;

/** `search`: the largest distance from the likeliest logit (in steps of a 2³²th of the range) that may be drawn. */
export const SEARCH = `
struct View { first: u32, top: f32, steps: f32, sharpness: f32, unit: f32 }
fn distance(view: View, logit: f32) -> u32 { return u32((view.top - logit) * view.steps); }
fn massOf(view: View, logit: f32) -> u32 { return u32(exp((logit - view.top) * view.sharpness) * view.unit + 0.5); }
fn search(view: View, counting: bool, limit: u32, index: u32) -> u32 {
  var prefix = 0u;
  var before = 0u;
  for (var digit = 0u; digit < 4; digit++) {
    let shift = 24 - 8 * digit;
    atomicStore(&bins[index], 0);
    workgroupBarrier();
    for (var i = index; i < V; i += THREADS) {
      let logit = logits[view.first + i];
      let steps = distance(view, logit);
      if ((((steps ^ prefix) >> shift) >> 8) == 0) {
        atomicAdd(&bins[(steps >> shift) & 255], select(massOf(view, logit), 1u, counting));
      }
    }
    workgroupBarrier();
    sums[index] = atomicLoad(&bins[index]);
    scan(index);
    let place = firstReaching(limit, before, index);
    prefix |= place.x << shift;
    before = place.y;
  }
  return prefix;
}
fn massUpTo(view: View, threshold: u32, index: u32) -> u32 {
  var mass = 0u;
  for (var i = index; i < V; i += THREADS) {
    let logit = logits[view.first + i];
    mass += select(0u, massOf(view, logit), distance(view, logit) <= threshold);
  }
  sums[index] = mass;
  scan(index);
  return sums[THREADS - 1];
}`;

/** `pick`: the first token, by id, at which the sum of what may be drawn exceeds its share. */
export const PICK = `
fn allowed(view: View, threshold: u32, i: u32) -> u32 {
  let logit = logits[view.first + i];
  return select(0u, massOf(view, logit), distance(view, logit) <= threshold);
}
fn pick(view: View, threshold: u32, uniform_: f32, index: u32) {
  atomicStore(&bins[index], 0);
  workgroupBarrier();
  for (var block = index / 32; block * BLOCK < V; block += THREADS / 32) {
    var mass = 0u;
    for (var i = block * BLOCK + index % 32; i < min((block + 1) * BLOCK, V); i += 32) {
      mass += allowed(view, threshold, i);
    }
    atomicAdd(&bins[block], mass);
  }
  workgroupBarrier();
  sums[index] = atomicLoad(&bins[index]);
  scan(index);
  let mass = sums[THREADS - 1];
  let limit = min(u32(uniform_ * f32(mass)), mass - 1) + 1;
  let block = firstReaching(limit, 0, index);
  // Within the block each thread has a few tokens.
  let share = (BLOCK + THREADS - 1) / THREADS;
  let start = block.x * BLOCK + index * share;
  let end = min(min(start + share, (block.x + 1) * BLOCK), V);
  var own = 0u;
  for (var i = start; i < end; i++) { own += allowed(view, threshold, i); }
  workgroupBarrier();
  sums[index] = own;
  scan(index);
  let place = firstReaching(limit, block.y, index);
  if (index == place.x) {
    var reached = place.y;
    for (var i = start; i < end && reached < limit; i++) {
      reached += allowed(view, threshold, i);
      chosen = i;
    }
  }
}`;
