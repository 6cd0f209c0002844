import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Contained, frame } from "../../../lib/benchmarks/sandbox/contained.ts";
import { RunError } from "../../../lib/core/errors.ts";
import { inDirectory } from "../../core/temporary.ts";

const JAVASCRIPT = new URL("../../../lib/benchmarks/sandbox/javascript_host.ts", import.meta.url);

/** A process that waits for a JavaScript program. */
function start(cwd: string, memory = 2 ** 28): Contained {
  return new Contained({ host: JAVASCRIPT, args: ["javascript"], payload: new Uint8Array(), memory, cwd });
}

const LIMITS = { stdin: "", timeLimit: 20, outputLimit: 1000 };

Deno.test("frame() puts the length before the bytes", () => {
  assert.deepEqual(frame(new Uint8Array([7, 8])), new Uint8Array([2, 0, 0, 0, 7, 8]));
});

Deno.test("ready() says why a process did not start", async () => {
  await inDirectory(async (cwd) => {
    const path = join(cwd, "host.ts");
    await Deno.writeTextFile(path, "throw new Error('no host');");
    const options = { host: pathToFileURL(path), args: [], payload: new Uint8Array(), memory: 2 ** 28, cwd };
    await using contained = new Contained(options);
    await assert.rejects(
      contained.ready(),
      (error) => error instanceof RunError && /no host/.test(error.message),
    );
  });
});

Deno.test("run() tells how a program ended", async () => {
  await inDirectory(async (cwd) => {
    const programs = {
      "console.log('done')": "passed",
      "new Uint8Array(2e8).fill(1)": "passed",
      "null.x": "failed",
      "x = (": "failed",
      "process.exit(3)": "failed",
      "process.exit(0)": "exited",
      "Promise.reject(new Error('later'))": "failed",
      "setTimeout(() => { throw 1 })": "failed",
      "console.log('x'.repeat(1001))": "output",
      "const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1));": "memory",
    };
    for (const [program, expected] of Object.entries(programs)) {
      await using contained = start(cwd);
      const { status } = await contained.run({ program, ...LIMITS });
      assert.equal(status, expected, program);
    }
  });
});

Deno.test("run() returns no more output than the limit, and no seal", async () => {
  await inDirectory(async (cwd) => {
    await using flood = start(cwd);
    const flooded = await flood.run({ program: "for (;;) console.log('xxxxxxxxx')", ...LIMITS });
    assert.equal(flooded.status, "output");
    assert.equal(flooded.stdout, "xxxxxxxxx\n".repeat(100));
    await using late = start(cwd);
    const { stdout } = await late.run({
      program: "console.log(1); setTimeout(() => console.log(2))",
      ...LIMITS,
    });
    assert.equal(stdout, "1\n2\n");
  });
});

Deno.test("run() hands over standard input", async () => {
  await inDirectory(async (cwd) => {
    await using contained = start(cwd);
    const program = "console.log(require('fs').readFileSync(0, 'utf8').length)";
    const { status, stdout } = await contained.run({ program, ...LIMITS, stdin: "é".repeat(100_000) });
    assert.deepEqual([status, stdout], ["passed", "100000\n"]);
  });
});

Deno.test("the operating system ends an allocation of 10 GB", async () => {
  await inDirectory(async (cwd) => {
    await using contained = start(cwd);
    const program = "const all = []; for (let i = 0; i < 100; i++) all.push(new Uint8Array(1e8).fill(1));";
    assert.equal((await contained.run({ program, ...LIMITS })).status, "memory");
  });
});
