import assert from "node:assert/strict";
import { interruptible } from "../../lib/core/interrupt.ts";
import { runModule } from "./subprocess.ts";

/** Work that notices the signal, saves, and says so. */
const SAVES = `
  import { interruptible } from "@/lib/core/interrupt.ts";
  await interruptible(async (signal) => {
    console.log("ready");
    while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log("saved: " + signal.reason.name);
  });
`;

Deno.test("interruptible() gives the work's result and removes its listeners", async () => {
  assert.equal(await interruptible((signal) => Promise.resolve(signal.aborted)), false);
  await assert.rejects(interruptible(() => Promise.reject(new Error("failed"))), new Error("failed"));
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`interruptible() lets the work end by itself on ${signal}`, async () => {
    assert.deepEqual(await runModule(SAVES, { signals: [signal] }), {
      code: 0,
      stdout: "ready\nsaved: InterruptedError\n",
      stderr: "",
    });
  });
}

Deno.test("interruptible() ends the process with 130 on the second signal", async () => {
  const { code, stdout } = await runModule(
    `
    import { interruptible } from "@/lib/core/interrupt.ts";
    await interruptible(async (signal) => {
      signal.addEventListener("abort", () => console.log("once"));
      console.log("ready");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
  `,
    { signals: ["SIGINT", "SIGINT"] },
  );
  assert.deepEqual([code, stdout], [130, "ready\nonce\n"]);
});
