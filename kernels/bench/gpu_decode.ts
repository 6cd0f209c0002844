/**
 * Generation on this GPU: tokens a second by model, format, slots and context; where the time goes; whether it is right.
 *
 *     deno run -A kernels/bench/gpu_decode.ts [--check] [--profile] [--provider dawn|deno] [--tier …] [--models 140m,950m]
 *       [--formats values,4-bit] [--slots 1,8,64] [--contexts 1024,4096,32768] [--sampling greedy|nucleus] [--json] [--out FILE]
 *
 * Default: the fastest provider and tier; on a software adapter the small model. `values` are weights in the tier's element
 * type. Weights are random and the cache is empty: neither changes what a step costs. Every part is guarded: one that fails
 * is reported and the next one runs.
 * @module
 */
import { parseArgs } from "node:util";
import { BenchReport } from "./report.ts";
import type { Device } from "../webgpu/device/device.ts";
import { isSlow } from "./gpu_cards.ts";
import { checkDecoding } from "./gpu_decode_check.ts";
import { contextsThatFit, type DecodeTime, profileSteps, timeDecoding } from "./gpu_decode_measure.ts";
import { type Format, FORMATS } from "./gpu_decode_model.ts";
import { bestDevice, devices } from "./gpu_devices.ts";
import { profileLines } from "./step_measure.ts";
import { MODELS } from "./step_run.ts";

const { values: flags } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    provider: { type: "string" },
    tier: { type: "string" },
    models: { type: "string" },
    formats: { type: "string", default: FORMATS.join(",") },
    slots: { type: "string", default: "1,8,64" },
    contexts: { type: "string", default: "1024,4096,32768" },
    sampling: { type: "string", default: "greedy" },
    json: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
const report = new BenchReport(flags);
const { print, part: guarded } = report;

/** Largest relative error of each tier. */
const MOST_ERROR = { f32: 1e-4, f16: 1e-2, tensor: 1e-2 } as const;

async function check() {
  for await (const device of devices(flags, print)) {
    const name = `check ${device.provider} ${device.tier}`;
    await guarded(name, async () => {
      const errors = await checkDecoding(device);
      for (const [what, error] of Object.entries(errors)) {
        print(`${device.adapter} · ${name}: ${what} off by ${error.toExponential(1)}`);
      }
      const wrong = Object.entries(errors).filter(([, error]) => !(error < MOST_ERROR[device.tier]));
      if (wrong.length > 0) throw new Error(`off: ${wrong.map(([what]) => what).join(", ")}.`);
      return { adapter: device.adapter, errors };
    });
  }
}

async function models() {
  const slow = await withDevice((device) => Promise.resolve(isSlow(device)));
  if (slow === null) return;
  const contexts = (slow ? "64" : flags.contexts).split(",").map(Number);
  const sampling = flags.sampling === "nucleus"
    ? { temperature: 0.6, topP: 0.95 }
    : { temperature: 0, topP: 1 };
  for (const name of (flags.models ?? (slow ? "small" : "140m,950m")).split(",")) {
    const shape = MODELS[name];
    if (!shape) throw new Error(`No model "${name}": ${Object.keys(MODELS).join(", ")}.`);
    for (const format of flags.formats.split(",") as Format[]) {
      for (const slots of flags.slots.split(",").map(Number)) {
        const part = `${flags.profile ? "profile " : ""}${name} ${format} ${slots} slots`;
        await guarded(part, () =>
          withDevice(async (device) => {
            const where = { adapter: device.adapter, provider: device.provider, tier: device.tier };
            print(`${part} · ${Object.values(where).join(" · ")} · ${flags.sampling}`);
            const fitting = contextsThatFit(device, shape, slots, contexts);
            if (flags.profile) {
              const kernels = await profileSteps(device, shape, format, slots, fitting[0] ?? 64, sampling);
              for (const line of profileLines(device, kernels)) print(line);
              return { ...where, kernels };
            }
            const times = await timeDecoding(
              device,
              shape,
              format,
              slots,
              fitting,
              sampling,
              (context, time) => print(timeLine(context, time)),
            );
            return { ...where, sampling: flags.sampling, times };
          }));
      }
    }
  }
}

/** A device of its own for each measurement: with it all of its memory is given back. */
async function withDevice<Result>(work: (device: Device) => Promise<Result>): Promise<Result | null> {
  using device = await bestDevice(flags, print);
  return device && await work(device);
}

function timeLine(context: number, time: DecodeTime): string {
  const range = time.range.map((value) => value.toFixed(3)).join(" to ");
  const share = time.share === null ? "" : ` (${(100 * time.share).toFixed(0)}%)`;
  return `  context ${context}: ${time.tokensPerSecond.toFixed(0)} tokens/s, ${
    time.milliseconds.toFixed(3)
  } ms a step (${range}), ${time.dispatches} dispatches, ${(time.memory / 2 ** 30).toFixed(2)} GiB, ${
    time.gigabytesPerSecond.toFixed(0)
  } GB/s${share}, prefill ${time.prefill.toFixed(0)} tokens/s`;
}

if (flags.check) await check();
else await models();
report.exit();
