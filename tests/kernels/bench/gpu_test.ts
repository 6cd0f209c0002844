/** The GPU's benchmark as a program, on a software adapter. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

async function run(...args: string[]) {
  const program = fileURLToPath(new URL("../../../kernels/bench/gpu.ts", import.meta.url));
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", program, "--json", "--provider", "deno", "--tier", "f32", ...args],
    stderr: "null",
  }).output();
  return { code, results: JSON.parse(new TextDecoder().decode(stdout)).products };
}

Deno.test("gpu.ts times a product on whatever there is", async () => {
  const { code, results: [first] } = await run();
  assert.equal(code, 0);
  assert.equal(first.provider, "deno");
  assert.ok(first.microseconds > 0 && first.teraflops > 0);
});

Deno.test("gpu.ts --check finds every product within tolerance", async () => {
  const { code, results: [first] } = await run("--check");
  assert.equal(code, 0);
  assert.equal(first.failed, 0);
  assert.ok(first.checked >= 20 && first.worst < 1);
});
