import assert from "node:assert/strict";
import { checkWebgpuModel } from "../../lib/backends/webgpu_model.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { FUNCTIONS, SMALL_MODEL } from "./small_model.ts";

Deno.test("checkWebgpuModel() refuses, in one sentence, what the kernels do not compute", () => {
  for (const chosen of FUNCTIONS) {
    const check = () => checkWebgpuModel({ ...SMALL_MODEL, ...chosen });
    if (chosen.type === "qwen3") {
      assert.throws(
        check,
        new UsageError(
          "Backend: webgpu computes no norm of queries and keys that has weights (a model of type qwen3); wasm does.",
        ),
      );
    } else if (chosen.ropeScaling !== null) {
      assert.throws(
        check,
        new UsageError("Backend: webgpu computes no scaled RoPE (ropeScaling of the model); wasm does."),
      );
    } else {
      check();
    }
  }
});
