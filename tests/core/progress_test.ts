import assert from "node:assert/strict";
import fc from "fast-check";
import { compactNumber, formatDuration } from "../../lib/core/progress.ts";
import { runModule } from "./subprocess.ts";

for (
  const [value, text] of [
    [0, "0"],
    [7, "7"],
    [999, "999"],
    [0.12345, "0.123"],
    [1000, "1.00k"],
    [12_345_678, "12.3M"],
    [999_499, "999k"],
    [999_999, "1.00M"],
    [4.2e9, "4.20B"],
    [1.8e12, "1.80T"],
  ] as const
) {
  Deno.test(`compactNumber() shortens ${value} to ${text}`, () => assert.equal(compactNumber(value), text));
}

Deno.test("compactNumber() keeps three digits and needs at most five characters below 10^15", () => {
  const units: Record<string, number> = { k: 1e3, M: 1e6, B: 1e9, T: 1e12 };
  fc.assert(fc.property(fc.nat({ max: 999_499_999_999_999 }), (value) => {
    const text = compactNumber(value);
    assert.ok(text.length <= 5, text);
    const read = parseFloat(text) * (units[text.at(-1) ?? ""] ?? 1);
    assert.ok(Math.abs(read - value) <= 0.005 * value, text);
  }));
});

for (
  const [seconds, text] of [
    [0, "0s"],
    [42.4, "42s"],
    [59.6, "1m 00s"],
    [185, "3m 05s"],
    [3599.7, "1h 00m"],
    [7800, "2h 10m"],
    [Infinity, "?"],
    [NaN, "?"],
  ] as const
) {
  Deno.test(`formatDuration() writes ${seconds} seconds as ${text}`, () =>
    assert.equal(formatDuration(seconds), text));
}

Deno.test("startProgress() writes its last line on standard error where that is no terminal, and nothing else", async () => {
  const { code, stdout, stderr } = await runModule(`
    import { startProgress } from "@/lib/core/progress.ts";
    const progress = startProgress("tokenize", 2000, "tokens");
    for (let done = 0; done <= 1500; done += 100) progress.update(done, "file " + done);
    progress.finish();
  `);
  assert.equal(code, 0);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^tokenize: 1\.50k\/2\.00k tokens, [0-9.]+[kM]?\/s, [0-9]+s left {2}file 1500, took [0-9]+s\n$/,
  );
});

Deno.test("startProgress() says no time left where the total is unknown, and nothing before an update", async () => {
  const { stderr } = await runModule(`
    import { startProgress } from "@/lib/core/progress.ts";
    startProgress("empty", 0, "tokens").finish();
    const progress = startProgress("read", 0, "documents");
    progress.update(3);
    progress.finish();
  `);
  assert.match(stderr, /^read: 3 documents, [0-9.]+[kM]?\/s, took [0-9]+s\n$/);
});
