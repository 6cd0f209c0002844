/**
 * Training steps on this GPU: correctness, tokens per second, where the time goes, how cost grows.
 *
 *     deno run -A kernels/bench/step.ts check|models|profile|scaling|attention|curve [--provider dawn|deno] [--tier …] [--models 140m:8x1024,950m:4x1024] [--recompute] [--json] [--out FILE]
 *
 * Default: the fastest provider and tier (check: all of them), 140m:8x1024, and on a software adapter small:1x64. `curve` needs
 * `--text FILE`, whose bytes are the tokens. Every part is guarded: one that fails is reported and the next one runs.
 * @module
 */
import { parseArgs } from "node:util";
import { BenchReport } from "./report.ts";
import { tensorAttention } from "../webgpu/ops/attention_tensor.ts";
import { tensorKeyValueGradient, tensorQueryGradient } from "../webgpu/ops/attention_tensor_gradient.ts";
import type { AttentionTiles } from "../webgpu/ops/attention_tensor_layout.ts";
import type { HeadsShape } from "../webgpu/ops/rotary.ts";
import type { Device } from "../webgpu/device/device.ts";
import { isSlow } from "./gpu_cards.ts";
import { bestDevice, devices } from "./gpu_devices.ts";
import { microsecondsOf, warmUp } from "./gpu_time.ts";
import { words } from "./random.ts";
import { checkStep } from "./step_check.ts";
import { attentionBuffers } from "./step_check_attention.ts";
import { profileLines, profileStep, SCALING_TOKENS, scalingCases, timeSteps } from "./step_measure.ts";
import { family, MODELS, StepBench } from "./step_run.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    provider: { type: "string" },
    tier: { type: "string" },
    models: { type: "string" },
    steps: { type: "string", default: "200" },
    text: { type: "string" },
    out: { type: "string" },
    recompute: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const report = new BenchReport(flags);
const { print, part: guarded } = report;

/** Largest relative error of each tier. */
const MOST_ERROR = { f32: 1e-5, f16: 5e-3, tensor: 5e-3 } as const;

/** Runs on the device that training would take; without one there is nothing to measure. */
async function onBest<Result>(work: (device: Device) => Promise<Result>): Promise<Result | null> {
  using device = await bestDevice(flags, print);
  return device && await work(device);
}

async function check() {
  for await (const device of devices(flags, print)) {
    const name = `${device.provider} ${device.tier}`;
    await guarded(`check ${name}`, async () => {
      const start = performance.now();
      const errors = await checkStep(device);
      const most = MOST_ERROR[device.tier];
      const worst = Math.max(...Object.values(errors));
      print(
        `${device.adapter} · ${name}: ${Object.keys(errors).length} compared in ${
          ((performance.now() - start) / 1000).toFixed(0)
        } s, worst relative error ${worst.toExponential(1)}, allowed ${most}`,
      );
      const wrong = Object.entries(errors).filter(([, error]) => !(error < most));
      if (wrong.length > 0) {
        throw new Error(
          `off: ${wrong.map(([what, error]) => `${what} ${error.toExponential(1)}`).join(", ")}.`,
        );
      }
      return { adapter: device.adapter, errors };
    });
  }
}

async function models(withProfile: boolean) {
  const wanted = flags.models ??
    await onBest((device) => Promise.resolve(isSlow(device) ? "small:1x64" : "140m:8x1024"));
  for (const text of wanted?.split(",") ?? []) {
    const [name = "", batch = ""] = text.split(":");
    const [sequences = 8, length = 1024] = batch.split("x").map(Number);
    await guarded(`${withProfile ? "profile" : "model"} ${text}`, () =>
      onBest(async (device) => {
        const shape = MODELS[name];
        if (!shape) throw new Error(`No model "${name}": ${Object.keys(MODELS).join(", ")}.`);
        const where = { adapter: device.adapter, provider: device.provider, tier: device.tier };
        if (withProfile) {
          const kernels = await profileStep(device, shape, sequences, length, flags.recompute);
          print(`${text} · ${Object.values(where).join(" · ")}`);
          for (const line of profileLines(device, kernels)) print(line);
          return { ...where, kernels };
        }
        const time = await timeSteps(device, shape, sequences, length, flags.recompute);
        const [fastest, slowest] = time.range.map((value) => value.toFixed(1));
        print(
          `${text} · ${Object.values(where).join(" · ")}: ${time.tokensPerSecond.toFixed(0)} tokens/s, ` +
            `${time.milliseconds.toFixed(1)} ms (${fastest} to ${slowest}), ${
              time.teraflops.toPrecision(3)
            } TFLOP/s, ` +
            `${time.gigabytes.toFixed(2)} GiB${
              time.skipped ? `, ${time.skipped} updates beyond f16, skipped` : ""
            }`,
        );
        return { ...where, ...time };
      }));
  }
}

/** Tokens per second, one size varied at a time. */
async function scaling() {
  for (const { axis, size, shape, length } of scalingCases()) {
    await guarded(`${axis} ${size}`, () =>
      onBest(async (device) => {
        const time = await timeSteps(device, shape, SCALING_TOKENS / length, length, flags.recompute);
        print(
          `${axis} ${size}: ${time.tokensPerSecond.toFixed(0)} tokens/s, ${
            time.teraflops.toFixed(0)
          } TFLOP/s`,
        );
        return { axis, size, ...time };
      }));
  }
}

/** Times of the attention kernels by their tiles. */
async function attention() {
  const shape: HeadsShape = {
    element: "f16",
    sequences: 8,
    length: 1024,
    heads: 9,
    keyValueHeads: 3,
    headSize: 64,
    queryKeyEpsilon: 1e-5,
  };
  using device = await bestDevice({ ...flags, tier: "tensor" }, print);
  if (!device) return;
  const buffers = attentionBuffers(device, shape, 1, 1024);
  for (
    const [name, kernel] of Object.entries({ tensorAttention, tensorQueryGradient, tensorKeyValueGradient })
  ) {
    for (const tiles of attentionTiles()) {
      await guarded(`${name} ${tiles.subgroups}x${tiles.tile}`, async () => {
        const dispatch = await kernel(device, name, shape, buffers, tiles);
        await warmUp(device, [dispatch]);
        const microseconds = await microsecondsOf(device, [dispatch]);
        print(
          `${name} ${JSON.stringify(tiles)} ${microseconds.toFixed(1)} µs, ${
            (dispatch.flops / microseconds / 1e6).toFixed(1)
          } TFLOP/s`,
        );
        return microseconds;
      });
    }
  }
}

function attentionTiles(): AttentionTiles[] {
  return [2, 4, 8].flatMap((subgroups) => [16, 32].map((tile) => ({ subgroups, tile })));
}

/** Losses of training on a text's bytes, so that tiers, and a run with itself, can be compared. */
async function curve() {
  await guarded("curve", async () => {
    if (!flags.text) throw new Error("curve needs --text FILE.");
    const bytes = await Deno.readFile(flags.text);
    using device = await bestDevice(flags, print);
    if (!device) return null;
    const [sequences, length] = [8, 256];
    const bench = await StepBench.create(device, family(4, 4, 2, 256, 1024, 256), sequences, length);
    const random = words(3);
    const losses: number[] = [];
    for (let step = 0; step < Number(flags.steps); step++) {
      const tokens = new Uint32Array(sequences * length);
      const targets = new Uint32Array(sequences * length);
      for (let sequence = 0; sequence < sequences; sequence++) {
        const first = random() % (bytes.length - length - 1);
        for (let i = 0; i < length; i++) {
          tokens[sequence * length + i] = bytes[first + i] ?? 0;
          targets[sequence * length + i] = bytes[first + i + 1] ?? 0;
        }
      }
      losses.push((await bench.step(tokens, targets)).loss);
    }
    const last = losses.slice(-20).reduce((a, b) => a + b, 0) / 20;
    print(
      `curve ${device.tier}: first ${losses[0]}, mean of the last 20 ${last}, last ${losses.at(-1)}`,
    );
    return losses;
  });
}

const parts: Record<string, () => Promise<unknown>> = {
  check,
  models: () => models(false),
  profile: () => models(true),
  scaling,
  attention,
  curve,
};
for (const name of positionals) {
  const part = parts[name];
  if (!part) {
    console.error(`No part "${name}": ${Object.keys(parts).join(", ")}.`);
    Deno.exit(2);
  }
  await part();
}
report.exit();
