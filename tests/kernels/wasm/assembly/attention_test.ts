import fc from "fast-check";
import { assertNear, at, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

interface Case {
  readonly length: number;
  readonly group: number;
  readonly headSize: number;
  /** First position of each position's document. */
  readonly starts: readonly number[];
  readonly seed: number;
}

const cases = fc.record({
  // Around the 40 queries of a block, and beyond.
  length: fc.integer({ min: 1, max: 90 }),
  group: fc.integer({ min: 1, max: 2 }),
  headSize: fc.constantFrom(4, 12),
  changes: fc.array(fc.integer({ min: 1, max: 89 }), { maxLength: 3 }),
  seed: fc.integer({ min: 0, max: 1000 }),
}).map(({ changes, ...rest }): Case => ({
  ...rest,
  starts: Array.from(
    { length: rest.length },
    (_, t) => Math.max(0, ...changes.filter((change) => change <= t)),
  ),
}));

/** Attention of one query head, its log-sums, and its gradients for dO, in 64 bits; q, k, v, dO are [length × headSize]. */
function attention(
  { length, headSize, starts }: Case,
  q: ArrayLike<number>,
  k: ArrayLike<number>,
  v: ArrayLike<number>,
  dOutput: ArrayLike<number>,
) {
  const scale = headSize ** -0.5;
  const zeros = () => new Float64Array(length * headSize);
  const [output, dq, dk, dv] = [zeros(), zeros(), zeros(), zeros()];
  const dot = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number) => {
    let sum = 0;
    for (let c = 0; c < headSize; c++) sum += at(a, i * headSize + c) * at(b, j * headSize + c);
    return sum;
  };
  const add = (target: Float64Array, i: number, factor: number, source: ArrayLike<number>, j: number) => {
    for (let c = 0; c < headSize; c++) {
      target[i * headSize + c] = at(target, i * headSize + c) + factor * at(source, j * headSize + c);
    }
  };
  for (let t = 0; t < length; t++) {
    const keys = Array.from({ length: t + 1 - at(starts, t) }, (_, i) => at(starts, t) + i);
    const exponentials = keys.map((s) => Math.exp(scale * dot(q, t, k, s)));
    const sum = exponentials.reduce((a, b) => a + b);
    const chances = exponentials.map((e) => e / sum);
    keys.forEach((s, i) => add(output, t, at(chances, i), v, s));
    const delta = dot(dOutput, t, output, t);
    keys.forEach((s, i) => {
      const p = at(chances, i);
      const ds = scale * p * (dot(dOutput, t, v, s) - delta);
      add(dq, t, ds, k, s);
      add(dk, s, ds, q, t);
      add(dv, s, p, dOutput, t);
    });
  }
  return { output, dq, dk, dv };
}

/** Columns `from` … `from` + `count` of a row-major matrix. */
function columns(matrix: ArrayLike<number>, width: number, from: number, count: number): Float64Array {
  return Float64Array.from(
    { length: matrix.length / width * count },
    (_, i) => at(matrix, Math.floor(i / count) * width + from + i % count),
  );
}

for (const variant of VARIANTS) {
  Deno.test(`attentionForward() and attentionBackward() equal the definition (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    fc.assert(
      fc.property(cases, (given) => {
        const { length, group, headSize, starts, seed } = given;
        memory.reset();
        // A row: the group's queries, one key, one value.
        const width = (group + 2) * headSize;
        const rows = noise(seed, length * width).map((x) => 2 * x);
        const dOutput = noise(seed + 1, length * group * headSize);
        const [start, stride, outputStride] = [memory.place(rows), 4 * width, 4 * group * headSize];
        const [key, value] = [start + 4 * group * headSize, start + 4 * (group + 1) * headSize];
        const startsAt = memory.placeIntegers(starts);
        const output = memory.place(length * group * headSize);
        const logSums = memory.place(group * length);
        const panels = () => memory.place((length + 8) * (headSize + 8));
        const [keyPanels, valuePanels, keyRowPanels] = [panels(), panels(), panels()];
        const [left, right] = [memory.place(45 * (length + 16)), memory.place(48 * (headSize + 8))];
        const [scores, scoreGradients] = [memory.place(40 * (length + 8)), memory.place(40 * (length + 8))];
        const edge = memory.place(48);
        const scale = headSize ** -0.5;
        for (let head = 0; head < group; head++) {
          const query = start + 4 * head * headSize;
          // Two calls, as when a sequence's queries are shared out.
          for (const [from, to] of [[0, Math.min(40, length)], [40, length]] as const) {
            if (from >= to) continue;
            memory.kernels.attentionForward(
              query,
              key,
              value,
              stride,
              startsAt,
              output + 4 * head * headSize,
              outputStride,
              logSums + 4 * head * length,
              headSize,
              scale,
              from,
              to,
              keyPanels,
              valuePanels,
              left,
              scores,
              edge,
            );
          }
        }
        const gradient = memory.place(length * width);
        memory.kernels.attentionBackward(
          start,
          key,
          value,
          stride,
          startsAt,
          output,
          memory.place(dOutput),
          outputStride,
          logSums,
          4 * length,
          gradient,
          gradient + 4 * group * headSize,
          gradient + 4 * (group + 1) * headSize,
          length,
          group,
          headSize,
          scale,
          keyPanels,
          valuePanels,
          keyRowPanels,
          left,
          right,
          scores,
          scoreGradients,
          edge,
        );
        const gradients = memory.read(gradient, length * width);
        const [dk, dv] = [new Float64Array(length * headSize), new Float64Array(length * headSize)];
        for (let head = 0; head < group; head++) {
          const expected = attention(
            given,
            columns(rows, width, head * headSize, headSize),
            columns(rows, width, group * headSize, headSize),
            columns(rows, width, (group + 1) * headSize, headSize),
            columns(dOutput, group * headSize, head * headSize, headSize),
          );
          const outputs = memory.read(output, length * group * headSize);
          assertNear(columns(outputs, group * headSize, head * headSize, headSize), expected.output, 2e-6);
          assertNear(columns(gradients, width, head * headSize, headSize), expected.dq, 1e-5, 1);
          expected.dk.forEach((value, i) => dk[i] = at(dk, i) + value);
          expected.dv.forEach((value, i) => dv[i] = at(dv, i) + value);
        }
        assertNear(columns(gradients, width, group * headSize, headSize), dk, 1e-5, 1);
        assertNear(columns(gradients, width, (group + 1) * headSize, headSize), dv, 1e-5, 1);
      }),
      { numRuns: 40 },
    );
  });
}
