import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as zlib from "node:zlib";
import fc from "fast-check";
import { MAX_LINE_BYTES, readLines } from "../../lib/sources/lines.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

// Which types node:zlib has depends on the @types/node that some npm package brings; these may be too old for Zstandard.
const { gzipSync, zstdCompressSync } = zlib as typeof zlib & {
  zstdCompressSync(data: Uint8Array): Uint8Array;
};

const encode = (text: string) => new TextEncoder().encode(text);

async function lines(path: string): Promise<string[]> {
  const decoder = new TextDecoder();
  return (await Array.fromAsync(readLines(path))).map(({ bytes }) => decoder.decode(bytes));
}

Deno.test("readLines() gives the same lines plain, gzipped and zstandard", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), async (parts) => {
      const expected = parts.map((part) => part.replaceAll("\n", ""));
      const bytes = encode(expected.map((line) => line + "\n").join(""));
      await using directory = await temporaryDirectory({
        "a.txt": bytes,
        "a.gz": gzipSync(bytes),
        "a.zst": zstdCompressSync(bytes),
      });
      for (const name of ["a.txt", "a.gz", "a.zst"]) {
        assert.deepEqual(await lines(`${directory.path}/${name}`), expected);
      }
    }),
    { numRuns: 15 },
  );
});

Deno.test("readLines() joins lines across chunks and reads a last line without its end", async () => {
  const long = "x".repeat(700_000);
  await using directory = await temporaryDirectory({ "a.txt": `first\n${long}\n\nlast` });
  const found = await Array.fromAsync(readLines(`${directory.path}/a.txt`));
  assert.deepEqual(found.map(({ bytes, number }) => [number, bytes.length]), [
    [1, 5],
    [2, 700_000],
    [3, 0],
    [4, 4],
  ]);
});

Deno.test("readLines() reads several gzip members and zstandard frames as one file", async () => {
  const [a, b] = [encode("one\ntwo\n"), encode("three\n")];
  await using directory = await temporaryDirectory({
    "a.gz": Buffer.concat([gzipSync(a), gzipSync(b)]),
    "a.zst": Buffer.concat([zstdCompressSync(a), zstdCompressSync(b)]),
  });
  for (const name of ["a.gz", "a.zst"]) {
    assert.deepEqual(await lines(`${directory.path}/${name}`), ["one", "two", "three"]);
  }
});

Deno.test("readLines() names a file cut anywhere, or corrupt", async () => {
  const bytes = encode(Array.from({ length: 500 }, (_, i) => `${Math.sin(i)}\n`).join(""));
  const compressed = { gz: gzipSync(bytes), zst: zstdCompressSync(bytes) };
  await using directory = await temporaryDirectory();
  const refuses = async (extension: "gz" | "zst", content: Uint8Array) => {
    const path = `${directory.path}/a.${extension}`;
    await Deno.writeFile(path, content);
    await assert.rejects(lines(path), { name: "UsageError", message: /a\.(gz|zst) is truncated or no / });
  };
  await refuses("gz", encode("no gzip"));
  await refuses("zst", encode("no zstandard"));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("gz", "zst"),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      (extension, part) => {
        const whole = compressed[extension];
        return refuses(extension, whole.subarray(0, Math.ceil(part * (whole.length - 1))));
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("readLines() refuses a line beyond its limit and a missing file", async () => {
  await using directory = await temporaryDirectory({
    "a.txt": new Uint8Array(MAX_LINE_BYTES + 1).fill(0x61),
  });
  await assert.rejects(lines(`${directory.path}/a.txt`), {
    name: "UsageError",
    message: /a\.txt, line 1: the line has more than 64 MiB/,
  });
  await assert.rejects(lines(`${directory.path}/b.txt`), {
    message: `${directory.path}/b.txt does not exist.`,
  });
});

Deno.test("readLines() closes the file when its reader stops early", async () => {
  await using directory = await temporaryDirectory({ "a.gz": gzipSync(encode("a\n".repeat(1_000_000))) });
  for await (const { number } of readLines(`${directory.path}/a.gz`)) if (number === 3) break;
});
