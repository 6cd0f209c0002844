import assert from "node:assert/strict";
import { NO_SETTINGS } from "../../../kernels/wasm/plan/context.ts";
import { WorkerError } from "../../../kernels/wasm/pool.ts";
import { TransformerRuntime } from "../../../kernels/wasm/runtime.ts";
import type { BatchShape, TransformerShape } from "../../../kernels/wasm/shape.ts";

const SHAPE: TransformerShape = {
  vocabularySize: 7,
  width: 4,
  layers: 1,
  heads: 1,
  keyValueHeads: 1,
  headSize: 4,
  feedForwardWidth: 4,
  ropeTheta: 1e4,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
};

Deno.test("TransformerRuntime.run() stops all workers where a kernel traps, and says so ever after", async () => {
  using runtime = await TransformerRuntime.start(SHAPE, { workers: 2 }, "auto");
  // Not placed, so the memory has not grown to it.
  const batch: BatchShape = { sequences: 64, length: 256, training: true, teacher: "none", teacherWidth: 0 };
  await assert.rejects(runtime.run({ program: "gradient", batch, settings: NO_SETTINGS }), (error) => {
    assert.ok(error instanceof WorkerError);
    assert.match(error.message, /^Worker \d: .*out of bounds/);
    return true;
  });
  await assert.rejects(runtime.run({ program: "pack" }), /The workers were stopped/);
});

Deno.test("a process ends by itself once its runtime is disposed of, and idle workers take no time", async () => {
  const module = new URL("../../../kernels/wasm/runtime.ts", import.meta.url).href;
  const code = `
    const { TransformerRuntime } = await import(${JSON.stringify(module)});
    const runtime = await TransformerRuntime.start(${JSON.stringify(SHAPE)}, { workers: 2 }, "auto");
    await runtime.run({ program: "pack" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    console.log(process.cpuUsage(before).user / 1000);
    runtime[Symbol.dispose]();
  `;
  const { success, stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assert.ok(success);
  assert.ok(Number(new TextDecoder().decode(stdout)) < 100, "workers are busy while they wait");
});
