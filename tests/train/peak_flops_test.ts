import assert from "node:assert/strict";
import { MODEL_SIZES } from "../../lib/model/config.ts";
import { trainingFlopsPerToken } from "../../lib/model/flops.ts";
import { modelFlopsUtilisation, peakFlops } from "../../lib/train/peak_flops.ts";

const cases: readonly [string, number | undefined][] = [
  ["webgpu, NVIDIA H100 80GB HBM3 through Dawn, tensor", 989e12],
  ["webgpu, NVIDIA H100 80GB HBM3 through Deno, f32", 67e12],
  ["webgpu, NVIDIA H100 PCIe through Dawn, tensor", 756e12],
  ["webgpu, NVIDIA L4 through Dawn, tensor", 121e12],
  ["webgpu, NVIDIA L40S through Dawn, tensor", 362e12],
  ["webgpu, NVIDIA H100 80GB HBM3 through Deno, f16", undefined],
  ["webgpu, llvmpipe (LLVM 15.0.6, 256 bits) through Deno, f32", undefined],
  ["wasm, relaxed SIMD, 2 workers", undefined],
  ["tfjs, plain JavaScript", undefined],
];
for (const [description, expected] of cases) {
  Deno.test(`peakFlops() of "${description}" is ${expected ?? "not known"}`, () => {
    assert.equal(peakFlops(description), expected);
  });
}

Deno.test("modelFlopsUtilisation() is FLOP a second over the peak", () => {
  const backend = {
    description: "webgpu, NVIDIA H100 80GB HBM3 through Dawn, tensor",
    config: MODEL_SIZES["140m"],
  };
  const tokensPerSecond = 989e12 / trainingFlopsPerToken(backend.config, 1024) / 4;
  const share = modelFlopsUtilisation(backend, 1024, tokensPerSecond) ?? 0;
  assert.ok(Math.abs(share - 0.25) < 1e-12);
  assert.equal(modelFlopsUtilisation({ ...backend, description: "tfjs" }, 1024, 1), undefined);
});
