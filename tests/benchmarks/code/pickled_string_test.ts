import assert from "node:assert/strict";
import fc from "fast-check";
import { readPickledString } from "../../../lib/benchmarks/code/pickled_string.ts";

/** Bytes of hexadecimal digits. */
const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

Deno.test("readPickledString() reads what Python writes", () => {
  // pickle.dumps("hé", protocol) for the protocols 2, 4 and 5.
  assert.equal(readPickledString(bytes("8002 58 03000000 68c3a9 71 00 2e")), "hé");
  assert.equal(readPickledString(bytes("8004 95 0700000000000000 8c 03 68c3a9 94 2e")), "hé");
  assert.equal(readPickledString(bytes("8005 95 0700000000000000 8c 03 68c3a9 94 2e")), "hé");
  // Written by hand: a length of 64 bits.
  assert.equal(readPickledString(bytes("8004 8d 0200000000000000 6869 94 2e")), "hi");
});

Deno.test("readPickledString() refuses everything else", () => {
  for (
    const hex of [
      "",
      "80",
      "8004 2e01",
      "8004 4e 2e", // None
      "8004 8c 09 6869 94 2e", // longer than the bytes
      "8004 8d ffffffffffffffff 6869 2e",
      "8004 8c 02 6869", // no end
      "8004 8c 02 6869 8c 02 6869 2e", // two strings
      "8004 8c 01 ff 2e", // no UTF-8
      // cos\nsystem\n: a call, were it unpickled.
      "8003 636f730a73797374656d0a 58 02000000 6964 85 52 2e",
    ]
  ) assert.equal(readPickledString(bytes(hex)), null, hex);
});

Deno.test("readPickledString() never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (tail) => {
    readPickledString(new Uint8Array([0x80, 4, ...tail]));
  }));
});
