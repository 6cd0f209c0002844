import assert from "node:assert/strict";
import { assertNear, at, derivatives, KernelMemory, noise, VARIANTS } from "../kernel_memory.ts";

const [ROWS, WIDTH] = [2, 8];

/** silu(g)∘u of rows (g | u). */
function swiglu(gateUp: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: ROWS * WIDTH }, (_, i) => {
    const row = 2 * WIDTH * Math.floor(i / WIDTH);
    const [g, u] = [at(gateUp, row + i % WIDTH), at(gateUp, row + WIDTH + i % WIDTH)];
    return g / (1 + Math.exp(-g)) * u;
  });
}

for (const variant of VARIANTS) {
  Deno.test(`swigluForward() and swigluBackward() equal the definition and its derivatives (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const gateUp = noise(1, 2 * ROWS * WIDTH).map((x) => 6 * x);
    const da = noise(2, ROWS * WIDTH);
    const [gateUpAt, activation] = [memory.place(gateUp), memory.place(ROWS * WIDTH)];
    memory.kernels.swigluForward(gateUpAt, activation, ROWS, WIDTH);
    assertNear(memory.read(activation, ROWS * WIDTH), swiglu(gateUp), 1e-6);
    memory.kernels.swigluBackward(gateUpAt, memory.place(da), ROWS, WIDTH);
    const loss = (x: ArrayLike<number>) => swiglu(x).reduce((sum, a, i) => sum + a * at(da, i), 0);
    assertNear(memory.read(gateUpAt, 2 * ROWS * WIDTH), derivatives(loss, gateUp), 1e-5);
  });

  Deno.test(`swigluForward() neither overflows nor loses small values (${variant})`, async () => {
    const memory = await KernelMemory.open(variant);
    const activation = memory.place(4);
    memory.kernels.swigluForward(memory.place([-200, -30, 200, NaN, 1, 1, 1, 1]), activation, 1, 4);
    const [a, b, c, d] = memory.read(activation, 4);
    assert.ok(Math.abs(at([a ?? NaN], 0)) < 1e-30);
    assert.ok(Math.abs((b ?? NaN) / (-30 * Math.exp(-30)) - 1) < 1e-5);
    assert.equal(c, 200);
    assert.ok(Number.isNaN(d));
  });
}
