import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { UsageError } from "../../lib/core/errors.ts";
import {
  type DType,
  SafetensorsFile,
  type TensorData,
  writeSafetensors,
} from "../../lib/core/safetensors.ts";
import { inDirectory, names } from "./temporary.ts";

/** Bytes of a file with any header text, well-formed or not. */
function fileOf(header: string, data = new Uint8Array(), claimed?: bigint): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const tensors: [string, TensorData][] = [
  ["weights", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, NaN, Infinity) }],
  ["ids", { dtype: "U16", shape: [3], data: Uint16Array.of(1, 2, 65_535) }],
  ["scalar", { dtype: "F64", shape: [], data: Float64Array.of(Math.PI) }],
  ["empty", { dtype: "I64", shape: [0, 5], data: new BigInt64Array() }],
];

Deno.test("writeSafetensors() and readBytes() give tensors, shapes and metadata back", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file.safetensors");
    await writeSafetensors(path, new Map(tensors), { note: "ü" });
    using file = await SafetensorsFile.open(path);
    assert.deepEqual(file.metadata, { note: "ü" });
    assert.deepEqual([...file.tensors.keys()], tensors.map(([name]) => name));
    for (const [name, { dtype, shape, data }] of tensors) {
      assert.deepEqual([file.info(name).dtype, file.info(name).shape], [dtype, shape]);
      assert.deepEqual(
        await file.readBytes(name),
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
    }
    assert.deepEqual(await file.readBytes("ids", 2, 2), Uint8Array.of(2, 0));
    assert.deepEqual(await file.readBytes("ids", 4), Uint8Array.of(255, 255));
  }));

Deno.test("writeSafetensors() writes a view's part of its buffer, and data that starts at a multiple of 8", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file.safetensors");
    for (const name of ["a", "ab", "abc", "abcdefgh"]) {
      await writeSafetensors(
        path,
        new Map([[name, { dtype: "U8", shape: [2], data: Uint8Array.of(1, 2, 3, 4).subarray(1, 3) }]]),
      );
      using file = await SafetensorsFile.open(path);
      assert.deepEqual(await file.readBytes(name), Uint8Array.of(2, 3));
      assert.equal(file.info(name).start % 8, 0);
    }
  }));

Deno.test("writeSafetensors() gives any tensors back, and equal bytes for equal content", () =>
  inDirectory(async (directory) => {
    const tensor = fc.record({ shape: fc.array(fc.nat(4), { maxLength: 3 }), seed: fc.nat(255) }).map(
      ({ shape, seed }) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return { dtype: "U8" as const, shape, data: Uint8Array.from({ length: size }, (_, i) => seed + i) };
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.tuple(fc.string().filter((name) => name !== "__metadata__" && name !== "__proto__"), tensor),
          {
            maxLength: 5,
            selector: ([name]) => name,
          },
        ),
        fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        async (list, metadata) => {
          const path = join(directory, "file"), again = join(directory, "again");
          await writeSafetensors(path, new Map(list), metadata);
          await writeSafetensors(again, new Map(list), metadata);
          assert.deepEqual(await Deno.readFile(path), await Deno.readFile(again));
          using file = await SafetensorsFile.open(path);
          assert.deepEqual(Object.entries(file.metadata), Object.entries(metadata));
          for (const [name, { data }] of list) assert.deepEqual(await file.readBytes(name), data);
        },
      ),
      { numRuns: 50 },
    );
  }));

Deno.test("writeSafetensors() refuses data that does not fill its shape, and leaves nothing", () =>
  inDirectory(async (directory) => {
    const short = new Map([["a", { dtype: "F32" as const, shape: [3], data: new Float32Array(2) }]]);
    await assert.rejects(
      writeSafetensors(join(directory, "file"), short),
      new RangeError('Tensor "a" has 8 bytes, its shape needs 12.'),
    );
    assert.deepEqual(await names(directory), []);
  }));

Deno.test("readFloat32() widens F16 and BF16 and refuses integers", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file");
    await writeSafetensors(
      path,
      new Map<string, TensorData>([
        ["f32", { dtype: "F32", shape: [2], data: Float32Array.of(0.1, -1) }],
        ["f16", { dtype: "F16", shape: [3], data: Float16Array.of(0.5, -65_504, 2 ** -24) }],
        // The upper halves of 1, −2 and NaN.
        ["bf16", { dtype: "BF16", shape: [3], data: Uint16Array.of(0x3f80, 0xc000, 0x7fc0) }],
        ["u32", { dtype: "U32", shape: [1], data: Uint32Array.of(1) }],
      ]),
    );
    using file = await SafetensorsFile.open(path);
    assert.deepEqual(await file.readFloat32("f32"), Float32Array.of(0.1, -1));
    assert.deepEqual(await file.readFloat32("f16"), Float32Array.of(0.5, -65_504, 2 ** -24));
    assert.deepEqual(await file.readFloat32("bf16"), Float32Array.of(1, -2, NaN));
    await assert.rejects(
      file.readFloat32("u32"),
      new UsageError(`${path}: tensor "u32" has dtype U32, expected F32, F16 or BF16.`),
    );
    await assert.rejects(file.readBytes("none"), new UsageError(`${path} has no tensor "none".`));
  }));

Deno.test("readBytes() gives the right bytes to overlapping calls", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file");
    const data = Uint32Array.from({ length: 100_000 }, (_, i) => i);
    await writeSafetensors(path, new Map([["ids", { dtype: "U32", shape: [data.length], data }]]));
    using file = await SafetensorsFile.open(path);
    const starts = Array.from({ length: 50 }, (_, i) => 1999 * i);
    const parts = await Promise.all(starts.map((start) => file.readBytes("ids", 4 * start, 4 * 1000)));
    parts.forEach((bytes, i) => {
      const start = starts[i] ?? 0;
      assert.deepEqual(new Uint32Array(bytes.buffer), data.subarray(start, start + 1000));
    });
  }));

const U8 = (from: number, to: number, shape = [to - from]) => ({
  dtype: "U8",
  shape,
  data_offsets: [from, to],
});
const header = (entries: unknown) => JSON.stringify(entries);
const four = new Uint8Array(4);

const malformed: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
  ["an empty file", new Uint8Array(), /it has 0 bytes/],
  ["half a prefix", new Uint8Array(7), /it has 7 bytes/],
  ["a header longer than the file", fileOf("{}", four, 100n), /its header claims 100 bytes/],
  [
    "a header beyond the limit",
    fileOf("{}", four, 2n ** 40n),
    /its header claims 1099511627776 bytes/,
  ],
  ["a header that is no JSON", fileOf("{"), /its header is no JSON/],
  ["an empty header", fileOf(""), /its header is no JSON/],
  ["a header that is an array", fileOf("[]"), /its header is no JSON object/],
  ["a header that is null", fileOf("null"), /its header is no JSON object/],
  ["metadata that is no object", fileOf(header({ __metadata__: "x" })), /__metadata__ is no map of strings/],
  ["metadata that is a list", fileOf(header({ __metadata__: ["x"] })), /__metadata__ is no map of strings/],
  ["metadata with a number", fileOf(header({ __metadata__: { a: 1 } })), /__metadata__ is no map of strings/],
  ["an entry that is no object", fileOf(header({ a: 5 }), four), /tensor "a" has dtype undefined/],
  [
    "an unknown dtype",
    fileOf(header({ a: { ...U8(0, 4), dtype: "F8" } }), four),
    /tensor "a" has dtype "F8"/,
  ],
  [
    "an inherited name as dtype",
    fileOf(header({ a: { ...U8(0, 4), dtype: "toString" } }), four),
    /has dtype "toString"/,
  ],
  ["a negative dimension", fileOf(header({ a: U8(0, 4, [-4]) }), four), /tensor "a" has shape \[-4\]/],
  ["a fractional dimension", fileOf(header({ a: U8(0, 4, [2.5]) }), four), /tensor "a" has shape/],
  [
    "a shape that overflows",
    fileOf(header({ a: U8(0, 4, [2 ** 52, 2 ** 52, 2 ** 52]) }), four),
    /its shape needs/,
  ],
  [
    "one offset",
    fileOf(header({ a: { ...U8(0, 4), data_offsets: [0] } }), four),
    /tensor "a" has offsets \[0\]/,
  ],
  [
    "offsets in reverse",
    fileOf(header({ a: { ...U8(0, 4), data_offsets: [4, 0] } }), four),
    /tensor "a" spans -4 bytes/,
  ],
  [
    "a span that is not the shape's",
    fileOf(header({ a: U8(0, 4, [3]) }), four),
    /spans 4 bytes, its shape needs 3/,
  ],
  ["an overlap", fileOf(header({ a: U8(0, 3), b: U8(2, 4) }), four), /overlap or leave a gap/],
  ["a gap", fileOf(header({ a: U8(0, 1), b: U8(2, 4) }), four), /overlap or leave a gap/],
  ["a gap at the beginning", fileOf(header({ a: U8(1, 4) }), four), /overlap or leave a gap/],
  ["missing data", fileOf(header({ a: U8(0, 5) }), four), /its header describes/],
  ["data that no tensor owns", fileOf(header({ a: U8(0, 3) }), four), /its header describes/],
  ["a tensor twice", fileOf(`{"a":${header(U8(0, 4))},"a":${header(U8(0, 4))}}`, four), /a key twice/],
  [
    "a tensor twice, the second in escapes",
    fileOf(
      `{"a":${header(U8(0, 4))},"\\u0061":${header(U8(0, 4)).replace("data_offsets", "data\\u005foffsets")}}`,
      four,
    ),
    /a key twice/,
  ],
  [
    "a tensor twice, the first without content",
    fileOf(`{"a":5,"a":${header(U8(0, 4))}}`, four),
    /a key twice/,
  ],
  ["a shape twice", fileOf(`{"a":{"shape":[4],${header(U8(0, 4)).slice(1)}}`, four), /a key twice/],
];
for (const [what, bytes, message] of malformed) {
  Deno.test(`open() refuses ${what}`, () =>
    inDirectory(async (directory) => {
      const path = join(directory, "file");
      await Deno.writeFile(path, bytes);
      await assert.rejects(SafetensorsFile.open(path), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.ok(error.message.startsWith(`${path} is no valid safetensors file: `));
        assert.match(error.message, message);
        return true;
      });
    }));
}

Deno.test("open() takes keys that only look repeated", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file");
    const entries = {
      __metadata__: { data_offsets: '"a": {"a": 1}', a: '\\"' },
      data_offsets: U8(0, 1),
      a: U8(1, 2),
      'quoted "a":': U8(2, 4),
    };
    await Deno.writeFile(path, fileOf(header(entries), four));
    using file = await SafetensorsFile.open(path);
    assert.deepEqual([...file.tensors.keys()], ["data_offsets", "a", 'quoted "a":']);
  }));

Deno.test("open() takes tensors in any order of their places", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "file");
    await Deno.writeFile(
      path,
      fileOf(header({ b: U8(2, 4), none: U8(2, 2), a: U8(0, 2) }), Uint8Array.of(1, 2, 3, 4)),
    );
    using file = await SafetensorsFile.open(path);
    assert.deepEqual(await file.readBytes("b"), Uint8Array.of(3, 4));
  }));

Deno.test("open() names a file that is missing, and a directory", () =>
  inDirectory(async (directory) => {
    const missing = join(directory, "missing");
    await assert.rejects(SafetensorsFile.open(missing), new UsageError(`${missing} does not exist.`));
    await assert.rejects(
      SafetensorsFile.open(directory),
      new UsageError(`${directory} is no valid safetensors file: it is a directory.`),
    );
  }));

Deno.test("open() refuses every truncation of a file", () =>
  inDirectory(async (directory) => {
    const whole = join(directory, "whole"), cut = join(directory, "cut");
    await writeSafetensors(whole, new Map(tensors.slice(0, 2)), { a: "b" });
    const bytes = await Deno.readFile(whole);
    for (let length = 0; length < bytes.length; length++) {
      await Deno.writeFile(cut, bytes.subarray(0, length));
      await assert.rejects(SafetensorsFile.open(cut), UsageError);
    }
  }));

Deno.test("open() of altered bytes either refuses in one sentence or describes exactly the file", () =>
  inDirectory(async (directory) => {
    const whole = join(directory, "whole"), path = join(directory, "altered");
    await writeSafetensors(whole, new Map(tensors), { a: "b" });
    const original = await Deno.readFile(whole);
    const dataStart = Number(new DataView(original.buffer).getBigUint64(0, true)) + 8;
    const change = fc.record({
      at: fc.nat(dataStart - 1),
      value: fc.oneof(fc.nat(255), fc.constantFrom(...new TextEncoder().encode('"{}[]:,0918'))),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = original.slice();
        for (const { at, value } of changes) bytes[at] = value;
        await Deno.writeFile(path, bytes);
        let file: SafetensorsFile;
        try {
          file = await SafetensorsFile.open(path);
        } catch (error) {
          assert.ok(error instanceof UsageError, String(error));
          return;
        }
        using opened = file;
        const sizes: Partial<Record<DType, number>> = { F32: 4, U16: 2, F64: 8, I64: 8 };
        const total = [...opened.tensors.values()].reduce((sum, { shape, dtype, bytes }) => {
          const size = sizes[dtype];
          if (size !== undefined) assert.equal(shape.reduce((a, b) => a * b, size), bytes);
          return sum + bytes;
        }, 0);
        assert.ok(total <= bytes.length - 8);
        for (const name of opened.tensors.keys()) await opened.readBytes(name);
      }),
      { numRuns: 300 },
    );
  }));
