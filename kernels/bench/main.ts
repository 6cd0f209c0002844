/**
 * `deno task bench`: the CPU's and the GPU's kernels on this machine, each a program of its own.
 *
 *     deno task bench [--check | --tune | --profile] [--json]
 *
 * Without a flag: products and training steps on the CPU, products on every GPU provider and tier, training steps on the fastest.
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
    json: { type: "boolean", default: false },
  },
});

/** Programs beside this one, with their arguments. */
function programs(): string[][] {
  if (flags.check) return [["gpu.ts", "--check"], ["step.ts", "check"], ["gpu_influence.ts", "check"]];
  if (flags.tune) return [["gpu.ts", "--tune"]];
  if (flags.profile) return [["step.ts", "profile"]];
  return [["cpu.ts"], ["gpu.ts"], ["step.ts", "models"]];
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
