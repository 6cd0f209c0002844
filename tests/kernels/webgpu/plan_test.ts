/** Plans on the runtime's own WebGPU. */
import assert from "node:assert/strict";
import type { Device } from "../../../kernels/webgpu/device/device.ts";
import { openDevice } from "../../../kernels/webgpu/device/open.ts";
import type { Dispatch } from "../../../kernels/webgpu/plan/dispatch.ts";
import { Plan } from "../../../kernels/webgpu/plan/plan.ts";

async function stepOf(device: Device, buffer: GPUBuffer, expression: string): Promise<Dispatch> {
  const pipeline = await device.pipeline(
    "step",
    `@group(0) @binding(0) var<storage, read_write> values: array<f32>;
    @compute @workgroup_size(4)
    fn main(@builtin(global_invocation_id) id: vec3<u32>) { let x = values[id.x]; values[id.x] = ${expression}; }`,
  );
  return { label: expression, pipeline, bindings: [{ buffer }], workgroups: [1, 1, 1], flops: 4, bytes: 32 };
}

async function opened() {
  const device = await openDevice({ provider: "deno", tier: "f32" });
  const buffer = device.buffer("values", 16);
  device.write(buffer, Float32Array.of(1, 2, 3, 4));
  const plan = new Plan(device, [
    await stepOf(device, buffer, "x + 1.0"),
    await stepOf(device, buffer, "x * 10.0"),
  ]);
  return { device, buffer, plan };
}

Deno.test("submit() runs dispatches in order, each on what the last one wrote, as often as asked", async () => {
  const { device, buffer, plan } = await opened();
  using _ = device;
  plan.submit();
  plan.submit();
  assert.deepEqual(new Float32Array(await device.read(buffer)), Float32Array.of(210, 310, 410, 510));
});

Deno.test("profile() runs the plan once and times each dispatch", async () => {
  const { device, buffer, plan } = await opened();
  using _ = device;
  const times = await plan.profile();
  assert.deepEqual(times.map(({ label, flops, bytes }) => ({ label, flops, bytes })), [
    { label: "x + 1.0", flops: 4, bytes: 32 },
    { label: "x * 10.0", flops: 4, bytes: 32 },
  ]);
  assert.ok(times.every(({ microseconds }) => microseconds >= 0 && microseconds < 1e7));
  assert.deepEqual(new Float32Array(await device.read(buffer)), Float32Array.of(20, 30, 40, 50));
});

Deno.test("time() gives the mean of a run", async () => {
  const { device, plan } = await opened();
  using _ = device;
  const microseconds = await plan.time(3);
  assert.ok(microseconds > 0 && microseconds < 1e7);
});

Deno.test("prepare() encodes the next submission, which runs once and sees what was written since", async () => {
  const { device, buffer, plan } = await opened();
  using _ = device;
  plan.prepare();
  plan.prepare();
  device.write(buffer, Float32Array.of(5, 6, 7, 8));
  plan.submit();
  plan.submit();
  assert.deepEqual(new Float32Array(await device.read(buffer)), Float32Array.of(610, 710, 810, 910));
});
