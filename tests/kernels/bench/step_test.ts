/** The steps' benchmark as a program, on a software adapter. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

async function run(program: string, ...args: string[]) {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "-A",
      fileURLToPath(new URL(`../../../kernels/bench/${program}`, import.meta.url)),
      ...args,
    ],
    stderr: "null",
  }).output();
  return { code, result: JSON.parse(new TextDecoder().decode(stdout)) };
}

Deno.test("step.ts check finds losses, gradients and the update equal to 64-bit arithmetic", async () => {
  const { code, result } = await run("step.ts", "check", "--provider", "deno", "--tier", "f32", "--json");
  assert.equal(code, 0, JSON.stringify(result));
  const { errors } = result["check deno f32"];
  assert.ok(Object.keys(errors).length > 30);
  assert.ok(Object.values<number>(errors).every((error) => error < 1e-5), JSON.stringify(errors));
});

Deno.test("main.ts --profile --json prints one object with every kernel of a step", async () => {
  const { code, result } = await run("main.ts", "--profile", "--json");
  assert.equal(code, 0);
  const [profile] = Object.values<{ kernels: { kernel: string; microseconds: number }[] }>(result.step);
  const names = profile?.kernels.map(({ kernel }) => kernel) ?? [];
  for (const name of ["embedding", "qkv", "attention", "head dW", "adamw"]) {
    assert.ok(names.includes(name), name);
  }
});
