import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../../kernels/bench/on_device.ts", import.meta.url));

Deno.test("on_device.ts ends a cell after its seconds, goes on, and puts the phone's figure beside it", async () => {
  const flags = ["--sizes", "950M", "--contexts", "1024,32768,512", "--seconds", "0.01", "--json"];
  const args = ["run", "-q", "-A", "--no-check", PROGRAM, ...flags];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const lines = new TextDecoder().decode(stderr);
  assert.equal(code, 0, lines);
  const { cells } = JSON.parse(new TextDecoder().decode(stdout));
  const rest = { model: "950M", tookLonger: 0.01 };
  assert.deepEqual(cells, [
    { context: 1024, phone: 31.05, ...rest },
    { context: 32768, phone: null, ...rest },
    { context: 512, ...rest },
  ]);
  assert.match(lines, /950M\s+1k\s+over 0\.01 s\s+–\s+31\.1/);
});
