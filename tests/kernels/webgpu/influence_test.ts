/** Kernels of influence against 64-bit arithmetic, on shapes that no tile divides. */
import assert from "node:assert/strict";
import { directNorms, suitsGradients } from "../../../kernels/webgpu/ops/influence_gradients.ts";
import {
  gatherNorms,
  gramNorms,
  keepTokenGradients,
  tiedNorms,
} from "../../../kernels/webgpu/ops/influence_gram.ts";
import { addParts, gatherDots, PARTS, sequenceDots } from "../../../kernels/webgpu/ops/influence_parts.ts";
import { castScaled, weightRows } from "../../../kernels/webgpu/ops/influence_rows.ts";
import type { Dispatch } from "../../../kernels/webgpu/plan/dispatch.ts";
import { assertClose, Bench } from "./support.ts";

/** Results' relative error: f16 rounds only what the reference reads too, so that sums are f32 in any case. */
const MOST_ERROR = 1e-5;

/** Some rows between others, in the middle of a buffer's columns. */
interface View {
  readonly values: Float32Array;
  readonly offset: number;
  readonly stride: number;
}

const at = ({ values, offset, stride }: View, row: number, column: number) =>
  values[offset + row * stride + column] ?? NaN;

/** A random view of rows × width, and its buffer. */
function view(bench: Bench, rows: number, width: number, offset = 0, stride = width) {
  const values = bench.random(offset + rows * stride);
  return {
    values,
    offset,
    stride,
    matrix: { buffer: bench.buffer(values), type: bench.element, offset, stride },
  };
}

/** Parts and poisoned results of so many sequences; parts begin at 1, since kernels add. */
function results(bench: Bench, sequences: number) {
  const parts = bench.buffer(new Float32Array(sequences * PARTS).fill(1), "f32");
  return {
    parts: { buffer: parts },
    async holds(expected: (sequence: number) => number, name: string, ...dispatches: Dispatch[]) {
      const results = bench.poisoned(sequences, "f32");
      bench.run(...dispatches, await addParts(bench.device, "results", sequences, { parts, results }));
      const actual = (await bench.read(results, sequences, "f32")).map((value) => value - PARTS);
      assertClose(actual, Float32Array.from({ length: sequences }, (_, i) => expected(i)), name, MOST_ERROR);
    },
  };
}

/** Σ over pairs of positions of one sequence. */
function overPairs(length: number, term: (t: number, s: number) => number): number {
  let sum = 0;
  for (let t = 0; t < length; t++) for (let s = 0; s < length; s++) sum += term(t, s);
  return sum;
}

function dotRows(a: View, row: number, b: View, other: number, width: number): number {
  let sum = 0;
  for (let column = 0; column < width; column++) sum += at(a, row, column) * at(b, other, column);
  return sum;
}

for (const element of ["f32", "f16"] as const) {
  Deno.test(`sequenceDots() multiplies columns of one view with another's (${element})`, async () => {
    using bench = await Bench.open(element);
    const [sequences, length, width] = [3, 83, 44];
    const a = view(bench, sequences * length, width, 8, 68);
    const b = view(bench, sequences * length, width);
    const { parts, holds } = results(bench, sequences);
    const dispatch = await sequenceDots(bench.device, "dots", { sequences, length, width }, {
      a: a.matrix,
      b: b.matrix,
      parts,
    });
    await holds(
      (sequence) => {
        let sum = 0;
        for (let t = 0; t < length; t++) {
          sum += dotRows(a, sequence * length + t, b, sequence * length + t, width);
        }
        return sum;
      },
      "dots",
      dispatch,
    );
  });

  Deno.test(`gramNorms() and directNorms() are squared norms of a sequence's gradient (${element})`, async () => {
    using bench = await Bench.open(element);
    // Outputs beyond a multiple of 4 are a head's: its rows are padded.
    for (const [length, inputs, outputs, stride] of [[70, 20, 37, 40], [96, 44, 72, 100]] as const) {
      const sequences = 2;
      const x = view(bench, sequences * length, inputs);
      const dy = view(bench, sequences * length, outputs, 0, stride);
      const shape = { sequences, length, inputs, outputs };
      const expected = (sequence: number) => {
        let sum = 0;
        for (let output = 0; output < outputs; output++) {
          for (let input = 0; input < inputs; input++) {
            let gradient = 0;
            for (let row = sequence * length; row < (sequence + 1) * length; row++) {
              gradient += at(dy, row, output) * at(x, row, input);
            }
            sum += gradient ** 2;
          }
        }
        return sum;
      };
      const gram = results(bench, sequences);
      const buffers = { x: x.matrix, dy: dy.matrix };
      await gram.holds(
        expected,
        "gram",
        await gramNorms(bench.device, "gram", shape, { ...buffers, parts: gram.parts }),
      );
      assert.equal(suitsGradients(length), length === 96);
      if (!suitsGradients(length)) continue;
      const direct = results(bench, sequences);
      await direct.holds(
        expected,
        "direct",
        ...await directNorms(bench.device, "direct", shape, { ...buffers, parts: direct.parts }),
      );
    }
  });

  Deno.test(`directNorms() takes a matrix in parts where its gradients are too many (${element})`, async () => {
    using bench = await Bench.open(element);
    const [sequences, length, inputs, outputs] = [4, 32, 1024, 4200];
    // One position of each sequence counts, so that ‖g‖² = ‖x‖²‖dy‖².
    const sparse = (width: number) => {
      const values = new Float32Array(sequences * length * width);
      for (let sequence = 0; sequence < sequences; sequence++) {
        values.set(bench.random(width), (sequence * length + 7 * sequence) * width);
      }
      return { values, matrix: { buffer: bench.buffer(values), type: element } };
    };
    const [x, dy] = [sparse(inputs), sparse(outputs)];
    const square = ({ values }: { values: Float32Array }, sequence: number, width: number) =>
      values.subarray(sequence * length * width, (sequence + 1) * length * width)
        .reduce((sum, value) => sum + value ** 2, 0);
    const { parts, holds } = results(bench, sequences);
    const dispatches = await directNorms(bench.device, "direct", { sequences, length, inputs, outputs }, {
      x: x.matrix,
      dy: dy.matrix,
      parts,
    });
    assert.equal(dispatches.length, 4);
    await holds((i) => square(x, i, inputs) * square(dy, i, outputs), "parts", ...dispatches);
  });

  Deno.test(`gathered rows: products, norms, and a tied embedding's cross term (${element})`, async () => {
    using bench = await Bench.open(element);
    const [sequences, length, width, vocabularySize, stride] = [2, 75, 20, 13, 16];
    const rows = sequences * length;
    const shape = { sequences, length, width };
    const ids = Uint32Array.from({ length: rows }, (_, i) => (i * i + 3 * i) % vocabularySize);
    const tokens = bench.buffer(ids);
    const token = (row: number) => ids[row] ?? NaN;
    const [d, h] = [view(bench, rows, width), view(bench, rows, width)];
    const vector = view(bench, vocabularySize, width);
    const logits = view(bench, rows, stride);
    const { device } = bench;

    const products = results(bench, sequences);
    await products.holds(
      (sequence) => {
        let sum = 0;
        for (let row = sequence * length; row < (sequence + 1) * length; row++) {
          sum += dotRows(d, row, vector, token(row), width);
        }
        return sum;
      },
      "products",
      await gatherDots(device, "products", { ...shape, vocabularySize }, {
        d: d.matrix,
        vector: vector.matrix,
        tokens,
        parts: products.parts,
      }),
    );

    const norms = results(bench, sequences);
    await norms.holds(
      (sequence) =>
        overPairs(length, (t, s) => {
          const [one, other] = [sequence * length + t, sequence * length + s];
          return token(one) === token(other) ? dotRows(d, one, d, other, width) : 0;
        }),
      "norms",
      await gatherNorms(device, "norms", shape, { d: d.matrix, tokens, parts: norms.parts }),
    );

    const tied = results(bench, sequences);
    const kept = { buffer: bench.poisoned(rows * length), type: element };
    await tied.holds(
      (sequence) =>
        overPairs(length, (t, s) => {
          const [one, other] = [sequence * length + t, sequence * length + s];
          return 2 * at(logits, other, token(one)) * dotRows(h, other, d, one, width);
        }),
      "cross term",
      await keepTokenGradients(device, "kept", { sequences, length, element, stride }, {
        logits: logits.matrix.buffer,
        tokens: { buffer: tokens },
        kept,
      }),
      await tiedNorms(device, "tied", shape, { h: h.matrix, d: d.matrix, kept, parts: tied.parts }),
    );
  });

  Deno.test(`weightRows() weights the rows of each sequence (${element})`, async () => {
    using bench = await Bench.open(element);
    const [sequences, length, first, width] = [3, 37, 2, 20];
    const x = view(bench, sequences * length, width, 8, 28);
    const weights = Float32Array.of(7, 7, -0.5, 0, 2);
    const target = bench.poisoned(sequences * length * width);
    bench.run(
      await weightRows(bench.device, "weights", { sequences, length, first, width, element }, {
        x: x.matrix,
        weights: { buffer: bench.buffer(weights, "f32") },
        target,
      }),
    );
    const expected = Float32Array.from({ length: sequences * length * width }, (_, i) => {
      const row = Math.floor(i / width);
      return (weights[first + Math.floor(row / length)] ?? NaN) * at(x, row, i % width);
    });
    await bench.assertHolds(target, expected, "weighted");
  });
}

Deno.test("castScaled() rounds scaled values to f16", async () => {
  using bench = await Bench.open("f16");
  const values = bench.random(1000, 1e-6);
  const target = bench.poisoned(1000);
  bench.run(
    await castScaled(bench.device, "cast", 1000, {
      values: { buffer: bench.buffer(values, "f32") },
      scale: { buffer: bench.buffer(Float32Array.of(2 ** 20), "f32") },
      target: { buffer: target },
    }),
  );
  const expected = bench.rounded(values.map((value) => value * 2 ** 20));
  assert.deepEqual(await bench.read(target, 1000), expected);
});
