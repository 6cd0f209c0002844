/** Devices on the runtime's own WebGPU; a software adapter is enough. */
import assert from "node:assert/strict";
import { openDevice } from "../../../kernels/webgpu/device/open.ts";
import {
  KernelError,
  MissingFeatureError,
  OutOfDeviceMemoryError,
} from "../../../kernels/webgpu/device/errors.ts";
import { gpuOf } from "../../../kernels/webgpu/device/provider.ts";

const open = () => openDevice({ provider: "deno", tier: "f32" });

const doubling = `
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { values[id.x] *= 2.0; }`;

Deno.test("openDevice() names what it got", async () => {
  using device = await open();
  assert.equal(device.provider, "deno");
  assert.equal(device.tier, "f32");
  assert.notEqual(device.adapter, "");
  assert.ok(device.gpu.limits.maxBufferSize > 2 ** 28, "the adapter's limit, not WebGPU's default");
});

Deno.test("openDevice() keeps the tuning that it is given", async () => {
  const tuning = { adapter: "elsewhere", products: {} };
  using device = await openDevice({ provider: "deno", tier: "f32", tuning });
  assert.equal(device.tuning, tuning);
});

Deno.test("openDevice() says what the tensor tier needs where it is missing", async () => {
  await assert.rejects(
    () => openDevice({ provider: "deno", tier: "tensor" }),
    (error: Error) =>
      error instanceof MissingFeatureError && /tensor tier is not available.*needs Dawn/.test(error.message),
  );
});

Deno.test("gpuOf() says how to install Dawn where DAWN_NODE names nothing", () => {
  const before = Deno.env.get("DAWN_NODE");
  Deno.env.set("DAWN_NODE", "/nowhere/dawn.node");
  try {
    assert.throws(
      () => gpuOf("dawn"),
      (error: Error) =>
        error instanceof MissingFeatureError &&
        /npm install --prefix \.cache\/dawn webgpu@/.test(error.message),
    );
  } finally {
    if (before === undefined) Deno.env.delete("DAWN_NODE");
    else Deno.env.set("DAWN_NODE", before);
  }
});

Deno.test("pipeline() compiles a text once", async () => {
  using device = await open();
  assert.equal(await device.pipeline("first", doubling), await device.pipeline("second", doubling));
});

Deno.test("pipeline() accepts the directive that only Dawn knows", async () => {
  using device = await open();
  assert.ok(await device.pipeline("subgroups", `enable subgroups;\n${doubling}`));
});

Deno.test("pipeline() throws the compiler's message with label and line", async () => {
  using device = await open();
  await assert.rejects(
    () => device.pipeline("broken", doubling.replace("*= 2.0", "*= nothing")),
    (error: Error) => error instanceof KernelError && /broken, line 4 .*nothing/s.test(error.message),
  );
});

Deno.test("buffer() counts bytes until they are destroyed, in multiples of 16", async () => {
  using device = await open();
  const buffer = device.buffer("odd", 17);
  assert.equal(buffer.size, 32);
  assert.equal(device.allocatedBytes, 32);
  buffer.destroy();
  buffer.destroy();
  assert.equal(device.allocatedBytes, 0);
});

Deno.test("buffer() says what one buffer may hold", async () => {
  using device = await open();
  assert.throws(
    () => device.buffer("vast", 2 ** 50),
    (error: Error) =>
      error instanceof OutOfDeviceMemoryError &&
      /vast needs .* MiB, and .* allows .* MiB/.test(error.message),
  );
});

Deno.test("scratch() shares one buffer and grows it", async () => {
  using device = await open();
  const small = device.scratch(64);
  assert.equal(device.scratch(32), small);
  assert.ok(device.scratch(128).size >= 128);
});

Deno.test("write() and read() carry halves, odd lengths at the end, and parts", async () => {
  using device = await open();
  const buffer = device.buffer("halves", 2 * 7);
  device.write(buffer, Float16Array.of(0, 1, 2, 3, 4, 5, 6));
  assert.deepEqual(new Float16Array(await device.read(buffer, 2, 6)), Float16Array.of(1, 2, 3));
  device.write(buffer, Float16Array.of(9, 8, 7), 8);
  assert.deepEqual(new Float16Array(await device.read(buffer, 0, 14)), Float16Array.of(0, 1, 2, 3, 9, 8, 7));
});

Deno.test("write() refuses an odd length whose padding would overwrite what follows", async () => {
  using device = await open();
  const buffer = device.buffer("long", 64);
  assert.throws(() => device.write(buffer, Float16Array.of(1)), KernelError);
});

Deno.test("settled() throws what WebGPU reported late", async () => {
  using device = await open();
  const pipeline = await device.pipeline("doubling", doubling);
  device.gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [] });
  await assert.rejects(() => device.settled(), KernelError);
});
