/** Products against float64 sums, on poisoned memory: every kernel, layout, view and way to finish, on a software adapter. */
import assert from "node:assert/strict";
import {
  describeCase,
  type ProductCase,
  productError,
  randomCases,
  tolerance,
} from "../../../kernels/bench/gpu_check_product.ts";
import { numbers } from "../../../kernels/bench/random.ts";
import type { Device } from "../../../kernels/webgpu/device/device.ts";
import { openDevice } from "../../../kernels/webgpu/device/open.ts";
import { KernelError } from "../../../kernels/webgpu/device/errors.ts";
import { bindProduct } from "../../../kernels/webgpu/ops/product_spec.ts";
import { product } from "../../../kernels/webgpu/ops/product.ts";
import type { ProductOptions } from "../../../kernels/webgpu/ops/product_spec.ts";
import { suitsTensor } from "../../../kernels/webgpu/ops/product_tensor.ts";
import { Plan } from "../../../kernels/webgpu/plan/plan.ts";
import { emulatedTensorDevice } from "./tensor_emulation.ts";

const openTested = (tier: "f32" | "f16") =>
  openDevice({ provider: "deno", tier, tuning: { adapter: "none", products: {} } });

async function assertCorrect(device: Device, cases: readonly ProductCase[]): Promise<void> {
  for (const [index, test] of cases.entries()) {
    const error = await productError(device, test, index);
    assert.ok(error < tolerance(test), `${describeCase(test)} is off by ${error}`);
  }
}

Deno.test("product() is right for f32 matrices of any shape, alignment and view", async () => {
  using device = await openTested("f32");
  await assertCorrect(device, [
    ...randomCases(6, 1, ["f32"], false, 90),
    ...randomCases(6, 2, ["f32"], true, 90),
  ]);
});

Deno.test("product() is right for every mix of f16 and f32 storage", async () => {
  using device = await openTested("f16");
  const types = ["f16", "f32"] as const;
  await assertCorrect(device, [
    ...randomCases(6, 3, types, false, 90),
    ...randomCases(6, 4, types, true, 90),
  ]);
});

Deno.test("product() is right with the largest tile, and where k is split", async () => {
  using device = await openTested("f32");
  const [first, ...others] = randomCases(4, 5, ["f32"], false, 150);
  assert.ok(first);
  await assertCorrect(device, [
    { ...first, choice: { tile: "vector 128x128x16 16x8", split: 1 } },
    ...others.map((test) => ({ ...test, choice: { tile: "vector 64x64x16 4x4", split: 3 } })),
  ]);
});

Deno.test("product() is right through (emulated) tensor cores", async () => {
  using adapter = await openTested("f16");
  const device = emulatedTensorDevice(adapter);
  const cases = randomCases(6, 6, ["f16"], true, 100).map((test, index): ProductCase => ({
    ...test,
    c: { ...test.c, type: index % 2 === 0 ? "f32" : "f16" },
    choice: { tile: "tensor 64x64x32 32x32", split: 1 + index % 3 },
  }));
  await assertCorrect(device, cases);
});

/** C [m × n] = A · B on a fresh device's buffers. */
function smallProduct(
  device: Device,
  m: number,
  n: number,
  k: number,
): ProductOptions & { c: { buffer: GPUBuffer } } {
  const filled = (count: number) => {
    const buffer = device.buffer("operand", 4 * count);
    device.write(buffer, numbers(count, count));
    return { buffer, type: "f32" } as const;
  };
  return { m, n, k, a: filled(m * k), b: filled(k * n), c: filled(m * n) };
}

Deno.test("product() gives the same bits twice, split or not", async () => {
  using device = await openTested("f32");
  const options = smallProduct(device, 33, 20, 300);
  for (const split of [1, 4]) {
    const run = async () => {
      new Plan(device, await product(device, "twice", options, { tile: "vector 64x64x16 4x4", split }))
        .submit();
      return new Uint32Array(await device.read(options.c.buffer));
    };
    assert.deepEqual(await run(), await run());
  }
});

Deno.test("product() may read its operands from the buffer that it writes", async () => {
  using device = await openTested("f32");
  const buffer = device.buffer("arena", 4 * 192);
  device.write(buffer, numbers(192, 1));
  const before = new Float32Array(await device.read(buffer));
  const view = (offset: number) => ({ buffer, type: "f32", offset }) as const;
  const options = { m: 8, n: 8, k: 8, a: view(0), b: view(64), c: view(128) };
  new Plan(device, await product(device, "arena", options)).submit();
  const after = new Float32Array(await device.read(buffer));
  assert.deepEqual(after.subarray(0, 128), before.subarray(0, 128));
  let sum = 0;
  for (let inner = 0; inner < 8; inner++) sum += (before[inner] ?? NaN) * (before[64 + 8 * inner] ?? NaN);
  assert.ok(Math.abs((after[128] ?? NaN) - sum) < 1e-6);
});

Deno.test("product() adds a residual that is C itself in place", async () => {
  using device = await openTested("f32");
  const options = smallProduct(device, 4, 4, 4);
  const { spec, buffers } = bindProduct("in place", { ...options, residual: options.c });
  assert.equal(spec.accumulate, true);
  assert.equal(buffers.residual, null);
});

Deno.test("product() counts 2·m·n·k operations and each operand's bytes once", async () => {
  using device = await openTested("f32");
  const options = { ...smallProduct(device, 8, 16, 32), accumulate: true };
  const dispatches = await product(device, "count", options, { tile: "vector 64x64x16 4x4", split: 1 });
  assert.equal(dispatches.length, 1);
  assert.equal(dispatches[0]?.flops, 2 * 8 * 16 * 32);
  assert.equal(dispatches[0]?.bytes, 4 * (8 * 32 + 32 * 16 + 2 * 8 * 16));
});

Deno.test("product() passes over what was tuned for another tier's kernels", async () => {
  const products = { "8x8x8 NN f32 f32 f32": { tile: "tensor 64x64x32 32x32", split: 1 } };
  using device = await openDevice({ provider: "deno", tier: "f32", tuning: { adapter: "none", products } });
  assert.equal((await product(device, "tuned elsewhere", smallProduct(device, 8, 8, 8))).length, 1);
});

Deno.test("product() names the size, view or tile that cannot be", async () => {
  using device = await openTested("f32");
  const options = smallProduct(device, 8, 8, 8);
  const rejects = (changes: Partial<ProductOptions>, message: RegExp, tile?: string) =>
    assert.rejects(
      async () =>
        await product(device, "bad", { ...options, ...changes }, tile ? { tile, split: 1 } : undefined),
      (error: Error) => error instanceof KernelError && message.test(error.message),
    );
  await rejects({ k: 0 }, /k is 0, expected a positive whole number/);
  await rejects(
    { a: { ...options.a, offset: 8 } },
    /A is 8 × 8 with row stride 8 from element 8, which ends at byte 288/,
  );
  await rejects({ b: { ...options.b, stride: 4 } }, /B is 8 × 8 with row stride 4/);
  await rejects(
    {},
    /tile "tensor 64x64x32 32x32" cannot compute 8x8x8 NN f32 f32 f32 on the f32 tier/,
    "tensor 64x64x32 32x32",
  );
});

Deno.test("suitsTensor() wants f16 rows of whole 16 bytes", async () => {
  using device = await openTested("f16");
  const buffer = device.buffer("any", 4096);
  const suits = (changes: Partial<ProductOptions>) => {
    const half = { buffer, type: "f16" } as const;
    return suitsTensor(
      bindProduct("suits", { m: 8, n: 16, k: 24, a: half, b: half, c: half, ...changes }).spec,
    );
  };
  assert.equal(suits({}), true);
  assert.equal(suits({ c: { buffer, type: "f32" } }), true);
  assert.equal(suits({ m: 7 }), true, "rows may be any number");
  assert.equal(suits({ k: 20 }), false);
  assert.equal(suits({ a: { buffer, type: "f32" } }), false);
  assert.equal(suits({ a: { buffer, type: "f16", offset: 4 } }), false);
  assert.equal(suits({ c: { buffer, type: "f16", stride: 18 } }), false);
});
