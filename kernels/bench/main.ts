/**
 * `deno task bench`: the CPU's and the GPU's kernels on this machine, each a program of its own.
 *
 *     deno task bench [--check | --tune | --profile | --on-device] [--json]
 *
 * Without a flag: products, training steps and generation on the CPU, products on every GPU provider and tier, training steps and generation on
 * the fastest. `--on-device` measures the paper's Table 10 here.
 * `--check` compares every GPU kernel with 64-bit references, `--tune` finds the fastest tiles here and caches them, `--profile` shows a
 * step's kernels one by one.
 * `--json` prints one object on standard output and everything else on standard error.
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    tune: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    "on-device": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

/** Programs beside this one, with their arguments. */
function programs(): string[][] {
  if (flags.check) {
    return [["gpu.ts", "--check"], ["step.ts", "check"], ["gpu_influence.ts", "check"], [
      "gpu_decode.ts",
      "--check",
    ]];
  }
  if (flags.tune) return [["gpu.ts", "--tune"]];
  if (flags.profile) return [["step.ts", "profile"]];
  if (flags["on-device"]) return [["on_device.ts"]];
  return [["cpu.ts"], ["decode.ts"], ["gpu.ts"], ["step.ts", "models"], ["gpu_decode.ts"]];
}

const results: Record<string, unknown> = {};
let failed = false;
for (const [program = "", ...args] of programs()) {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", file, ...args, ...(flags.json ? ["--json"] : [])],
    stdout: flags.json ? "piped" : "inherit",
    stderr: "inherit",
  });
  const { code, stdout } = flags.json
    ? await child.output()
    : { ...await child.spawn().status, stdout: null };
  failed ||= code !== 0;
  // A check that failed says what was off.
  const text = stdout ? new TextDecoder().decode(stdout) : "";
  if (text !== "") results[program.replace(".ts", "")] = JSON.parse(text);
}
if (flags.json) console.log(JSON.stringify(results));
Deno.exit(failed ? 1 : 0);
