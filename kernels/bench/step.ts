/**
 * Training steps on this GPU: correctness, tokens per second, where the time goes, how cost grows.
 *
 *     deno run -A kernels/bench/step.ts check|models|profile|scaling|attention|curve [--provider dawn|deno] [--tier …] [--recompute] [--json] [--out FILE]
 *
 * `--models 140m:8x1024,950m:4x1024` names model and batch (default: 140m:8x1024, or small:2x128 on a software adapter); `curve` needs `--text FILE`, whose bytes are the tokens. Every part
 * is guarded: one that fails is reported and the next one runs.
 * @module
 */
import { parseArgs } from "node:util";
import { type Device, openDevice, type Provider, type Tier } from "../webgpu/device/device.ts";
import { tensorAttention } from "../webgpu/ops/attention_tensor.ts";
import { tensorKeyValueGradient, tensorQueryGradient } from "../webgpu/ops/attention_tensor_gradient.ts";
import type { AttentionTiles } from "../webgpu/ops/attention_tensor_layout.ts";
import type { HeadsShape } from "../webgpu/ops/rotary.ts";
import type { DispatchTime } from "../webgpu/plan/plan.ts";
import type { TransformerShape } from "../webgpu/plan/transformer_parameters.ts";
import { microsecondsOf, warmUp } from "./gpu_time.ts";
import { words } from "./random.ts";
import { attentionBuffers, checkStep } from "./step_check.ts";
import { family, MODELS, randomTokens, StepBench, stepFlops } from "./step_run.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    provider: { type: "string", default: "auto" },
    tier: { type: "string", default: "auto" },
    models: { type: "string" },
    steps: { type: "string", default: "200" },
    text: { type: "string" },
    out: { type: "string" },
    recompute: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const options = { provider: flags.provider as Provider | "auto", tier: flags.tier as Tier | "auto" };
const results: Record<string, unknown> = {};
let failed = false;

/** Relative error of f16 storage against f32. */
const MOST_ERROR = 5e-3;

/** Milliseconds after which an idle GPU runs at its working clock. */
const WARMING = 700;

/** A line for people: on standard error where standard output is for a program. */
function print(...line: unknown[]) {
  (flags.json ? console.error : console.log)(...line);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Runs a part of the benchmark; its failure is a result. */
async function guarded(name: string, work: () => Promise<unknown>) {
  try {
    results[name] = await work();
  } catch (error) {
    failed = true;
    results[name] = { error: (error as Error).message };
    print(`${name}: ${(error as Error).message}`);
  }
  if (flags.out) await Deno.writeTextFile(flags.out, JSON.stringify(results, null, 1));
}

/** Milliseconds of a step: the median of nine at the working clock, readback included. */
async function measure(device: Device, shape: TransformerShape, sequences: number, length: number) {
  const bench = await StepBench.create(device, shape, sequences, length, flags.recompute);
  try {
    const tokens = randomTokens(sequences * length, shape.vocabularySize, 1);
    const targets = randomTokens(sequences * length, shape.vocabularySize, 2);
    let last = await bench.step(tokens, targets);
    for (const end = performance.now() + WARMING; performance.now() < end;) {
      last = await bench.step(tokens, targets);
    }
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      const start = performance.now();
      last = await bench.step(tokens, targets);
      times.push(performance.now() - start);
    }
    const milliseconds = median(times);
    return {
      milliseconds,
      tokensPerSecond: 1000 * sequences * length / milliseconds,
      teraflops: stepFlops(shape, sequences, length) / milliseconds / 1e9,
      gigabytes: device.allocatedBytes / 2 ** 30,
      loss: last.loss,
      finite: last.finite,
    };
  } finally {
    bench.destroy();
  }
}

/** A step's dispatches, those of all layers added up. */
function grouped(times: readonly DispatchTime[]) {
  const groups = new Map<string, { count: number; microseconds: number; flops: number; bytes: number }>();
  for (const { label, microseconds, flops, bytes } of times) {
    const name = label.replace(/layer \d+ /, "");
    const group = groups.get(name) ?? { count: 0, microseconds: 0, flops: 0, bytes: 0 };
    group.count++;
    group.microseconds += microseconds;
    group.flops += flops;
    group.bytes += bytes;
    groups.set(name, group);
  }
  return [...groups].sort(([, a], [, b]) => b.microseconds - a.microseconds);
}

function printProfile(times: readonly DispatchTime[]) {
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0);
  print(`${"kernel".padEnd(36)}     n       µs  share  TFLOP/s   GB/s`);
  for (const [name, { count, microseconds, flops, bytes }] of grouped(times)) {
    const columns = [
      String(count).padStart(5),
      microseconds.toFixed(0).padStart(8),
      (100 * microseconds / total).toFixed(1).padStart(6),
      (flops / microseconds / 1e6).toFixed(1).padStart(8),
      (bytes / microseconds / 1e3).toFixed(0).padStart(6),
    ];
    print(name.padEnd(36), ...columns);
  }
  print("total".padEnd(36), String(times.length).padStart(5), total.toFixed(0).padStart(8));
}

async function defaultModel(): Promise<string> {
  using device = await openDevice(options);
  return /llvmpipe|swiftshader/i.test(device.adapter) ? "small:2x128" : "140m:8x1024";
}

async function models(withProfile: boolean) {
  for (const text of (flags.models ?? await defaultModel()).split(",")) {
    await guarded(`${withProfile ? "profile" : "model"} ${text}`, async () => {
      const [name = "", batch = ""] = text.split(":");
      const [sequences = 8, length = 1024] = batch.split("x").map(Number);
      const shape = MODELS[name];
      if (!shape) throw new Error(`No model "${name}": ${Object.keys(MODELS).join(", ")}.`);
      using device = await openDevice(options);
      if (!withProfile) {
        const result = await measure(device, shape, sequences, length);
        print(
          `${text} ${device.adapter} ${device.provider} ${device.tier}: ${
            result.milliseconds.toFixed(2)
          } ms, ` +
            `${result.tokensPerSecond.toFixed(0)} tok/s, ${result.teraflops.toFixed(0)} TFLOP/s, ` +
            `${result.gigabytes.toFixed(2)} GiB, loss ${result.loss.toFixed(3)} ${
              result.finite ? "" : "NOT FINITE"
            }`,
        );
        return result;
      }
      const bench = await StepBench.create(device, shape, sequences, length, flags.recompute);
      const tokens = randomTokens(sequences * length, shape.vocabularySize, 1);
      const targets = randomTokens(sequences * length, shape.vocabularySize, 2);
      await bench.step(tokens, targets);
      await bench.profile(tokens, targets);
      const times = await bench.profile(tokens, targets);
      printProfile(times);
      return grouped(times);
    });
  }
}

/** Tokens per second at 8192 tokens a step, one size varied at a time. */
async function scaling() {
  const cases: [string, TransformerShape, number][] = [
    ...[128, 256, 512, 768, 1024, 1536].map((width): [string, TransformerShape, number] => [
      `width ${width}`,
      family(8, width / 64, Math.max(1, width / 256), width, 4 * width, 32768),
      1024,
    ]),
    ...[512, 1024, 2048, 4096, 8192].map((length): [string, TransformerShape, number] => [
      `length ${length}`,
      family(8, 9, 3, 576, 2048, 32768),
      length,
    ]),
    ...[4096, 16384, 32768, 65536, 128256].map((vocabulary): [string, TransformerShape, number] => [
      `vocabulary ${vocabulary}`,
      family(8, 9, 3, 576, 2048, vocabulary),
      1024,
    ]),
  ];
  for (const [name, shape, length] of cases) {
    await guarded(name, async () => {
      using device = await openDevice(options);
      const result = await measure(device, shape, 8192 / length, length);
      print(name, result.tokensPerSecond.toFixed(0), "tok/s", result.teraflops.toFixed(0), "TFLOP/s");
      return result;
    });
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
  using device = await openDevice(options);
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
    using device = await openDevice(options);
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
  check: () =>
    guarded("check", async () => {
      using device = await openDevice(options);
      const tiers = (["f32", "f16", "tensor"] as const).slice(
        0,
        ["f32", "f16", "tensor"].indexOf(device.tier) + 1,
      );
      const start = performance.now();
      const errors = await checkStep(device.provider, tiers, (line) => {
        const seconds = ((performance.now() - start) / 1000).toFixed(1);
        print(`${seconds.padStart(6)} s  ${device.provider} ${line}`);
      });
      const wrong = Object.entries(errors).filter(([, error]) => !(error < MOST_ERROR));
      if (wrong.length > 0) {
        throw new Error(`Off by more than ${MOST_ERROR}: ${wrong.map(([name]) => name).join(", ")}.`);
      }
      return errors;
    }),
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
if (flags.json) console.log(JSON.stringify(results));
Deno.exit(failed ? 1 : 0);
