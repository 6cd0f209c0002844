/** Dawn's polling, without Dawn: native functions are what it passes. */
import assert from "node:assert/strict";
import { pollGently } from "../../../kernels/webgpu/device/dawn_events.ts";

Deno.test("pollGently() turns native immediates into timers and leaves the others", async () => {
  const before = globalThis.setImmediate;
  pollGently();
  try {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      const native = ((text: string) => {
        order.push(text);
        resolve();
      }).bind(null);
      setImmediate(native, "native");
      setImmediate((text: string) => order.push(text), "own");
    });
    assert.deepEqual(order, ["own", "native"]);
  } finally {
    globalThis.setImmediate = before;
  }
});
