import assert from "node:assert/strict";
import { buildKernels, buildUrl } from "../../../kernels/wasm/build.ts";
import { hasRelaxedSimd } from "../../../kernels/wasm/module.ts";
import { VARIANTS } from "./kernel_memory.ts";

for (const variant of VARIANTS) {
  Deno.test(`buildKernels() gives the committed ${variant} module`, async () => {
    assert.deepEqual(await buildKernels(variant), await Deno.readFile(buildUrl(variant)));
  });
}

Deno.test("hasRelaxedSimd() agrees with what the engine compiles", async () => {
  assert.equal(hasRelaxedSimd(), WebAssembly.validate(await Deno.readFile(buildUrl("relaxed"))));
});
