/**
 * Matrix products on this machine's GPU: their speed, their correctness, and how best to divide them.
 *
 *     deno run -A kernels/bench/gpu.ts [--check | --tune] [--provider dawn|deno] [--tier f32|f16|tensor] [--json]
 *
 * Without a flag: a square product in every tier of every provider, beside PyTorch's where that runs, and the products of a training
 * step of the 140M model with their share of it. A GPU that the processor imitates gets small ones.
 * @module
 */
import { parseArgs } from "node:util";
import { type Device, openDevice, type Provider, type Tier } from "../webgpu/device/device.ts";
import { MissingFeatureError } from "../webgpu/device/errors.ts";
import { productTiles, writeTuning } from "../webgpu/tuning.ts";
import { describeCase, type ProductCase, productError, randomCases, tolerance } from "./gpu_check_product.ts";
import { Operands, type ProductTime, timeChoices, timeProducts, tuningFrom } from "./gpu_products.ts";
import { benchedShapes, squareProduct, type StepProduct, stepProducts } from "./gpu_shapes.ts";
import { torchProducts } from "./gpu_torch.ts";

const { values: flags } = parseArgs({
  options: {
    provider: { type: "string" },
    tier: { type: "string" },
    check: { type: "boolean", default: false },
    tune: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const results: Record<string, unknown>[] = [];
/** Progress and tables go to the terminal, unless one JSON object is wanted. */
const say = (line: string) => flags.json ? console.error(line) : console.log(line);

/** A card's limits by its maker, where they are known: dense f16 on tensor cores and f32, TFLOP/s; memory, GB/s. */
const knownCards = [
  { name: /h100.*hbm3/i, tensor: 989, f32: 67, memory: 3350 },
  { name: /h200/i, tensor: 989, f32: 67, memory: 4800 },
  { name: /a100/i, tensor: 312, f32: 19.5, memory: 1555 },
] as const;

/** "33% of 989 TFLOP/s": of the limit that a product of this intensity runs into first; empty for an unknown card. */
function shareOfLimit({ adapter, tier }: Device, { teraflops, gigabytesPerSecond }: ProductTime): string {
  const card = knownCards.find(({ name }) => name.test(adapter));
  if (!card) return "";
  const arithmetic = tier === "tensor" ? card.tensor : card.f32;
  const [ofArithmetic, ofMemory] = [teraflops / arithmetic, gigabytesPerSecond / card.memory];
  return ofArithmetic > ofMemory
    ? `${(100 * ofArithmetic).toFixed(0)}% of ${arithmetic} TFLOP/s`
    : `${(100 * ofMemory).toFixed(0)}% of ${card.memory} GB/s`;
}

/** Every provider and tier that was asked for and works here. */
async function* devices(): AsyncGenerator<Device> {
  const providers = flags.provider ? [flags.provider as Provider] : ["dawn", "deno"] as const;
  const tiers = flags.tier ? [flags.tier as Tier] : ["tensor", "f16", "f32"] as const;
  const missing: string[] = [];
  let found = false;
  for (const provider of providers) {
    for (const tier of tiers) {
      try {
        using device = await openDevice({ provider, tier });
        found = true;
        yield device;
      } catch (error) {
        if (!(error instanceof MissingFeatureError)) throw error;
        missing.push(error.message);
      }
    }
  }
  if (!found) say(missing[0] ?? "No GPU.");
}

/** Random products as the device divides them, and two for every tile, with k whole and split. */
function casesFor({ tier }: Device): ProductCase[] {
  const types = tier === "f32" ? ["f32"] as const : ["f32", "f16"] as const;
  const kernel = tier === "tensor" ? "tensor" : "vector";
  const operands = tier === "tensor" ? ["f16"] as const : types;
  const tiles = [...productTiles].filter(([, { tile }]) => tile.kernel === kernel);
  return [
    ...randomCases(10, 1, types, false),
    ...randomCases(10, 2, operands, true),
    ...tiles.flatMap(([tile], index) =>
      randomCases(2, 3 + index, operands, true, 300).map((test, split) => ({
        ...test,
        c: { ...test.c, type: types[split] ?? "f32" },
        choice: { tile, split: split + 1 },
      }))
    ),
  ];
}

async function check(device: Device): Promise<boolean> {
  const cases = casesFor(device);
  let worst = 0;
  let failed = 0;
  // Several at a time: most of the time goes into compiling.
  for (let first = 0; first < cases.length; first += 16) {
    const some = cases.slice(first, first + 16);
    const errors = await Promise.all(some.map((test, index) => productError(device, test, first + index)));
    for (const [index, test] of some.entries()) {
      const error = errors[index] ?? NaN;
      worst = Math.max(worst, error / tolerance(test));
      if (error < tolerance(test)) continue;
      failed++;
      say(`  ${describeCase(test)}: relative error ${error.toExponential(1)}`);
    }
  }
  say(
    `  products: ${cases.length} checked, ${failed} failed; worst error ${
      worst.toPrecision(2)
    } of what is allowed`,
  );
  results.push({ ...nameOf(device), checked: cases.length, failed, worst });
  return failed === 0;
}

function nameOf({ adapter, provider, tier }: Device) {
  return { adapter, provider, tier };
}

async function tune(device: Device): Promise<void> {
  const tests = productsFor(device);
  using operands = new Operands(device, tests, device.tier === "f32" ? "f32" : "f16");
  const times = await timeChoices(operands, tests, 5);
  const tuning = tuningFrom(device.tuning, operands, times);
  await writeTuning(tuning);
  for (const test of tests) {
    const mine = times.filter((time) => time.test === test).toSorted((x, y) =>
      x.microseconds - y.microseconds
    );
    const [best] = mine;
    if (best?.choice) printTime(device, best, `${best.choice.tile} / ${best.choice.split}`);
    results.push({
      ...nameOf(device),
      product: operands.key(test),
      choices: mine.map(({ choice, microseconds, teraflops }) => ({ ...choice, microseconds, teraflops })),
    });
  }
}

/** Products that an adapter finishes in a moment. */
function productsFor(device: Device): StepProduct[] {
  return isSlow(device)
    ? [squareProduct(256)]
    : [squareProduct(4096), ...stepProducts(benchedShapes["140m"])];
}

function isSlow({ adapter }: Device): boolean {
  return /llvmpipe|swiftshader/i.test(adapter);
}

function printTime(device: Device, time: ProductTime, note: string): void {
  const { test, microseconds, teraflops } = time;
  const sizes = `${test.m} × ${test.n} × ${test.k}`;
  say(
    `  ${test.label.padEnd(20)} ${sizes.padEnd(22)} ${microseconds.toFixed(0).padStart(7)} µs ` +
      `${teraflops.toPrecision(3).padStart(6)} TFLOP/s  ${shareOfLimit(device, time).padEnd(20)} ${note}`,
  );
}

async function time(device: Device): Promise<void> {
  // The fastest tier shows the whole step, the others what they are slower by.
  const tests = device.tier === "tensor" ? productsFor(device) : productsFor(device).slice(0, 1);
  using operands = new Operands(device, tests, device.tier === "f32" ? "f32" : "f16");
  for (const time of await timeProducts(operands, tests)) {
    printTime(device, time, "");
    const { test, microseconds, teraflops, gigabytesPerSecond } = time;
    results.push({ ...nameOf(device), ...test, microseconds, teraflops, gigabytesPerSecond });
  }
}

let failed = false;
for await (const device of devices()) {
  say(`${device.adapter} · ${device.provider} · ${device.tier}`);
  if (flags.check) failed = !(await check(device)) || failed;
  else if (flags.tune) await tune(device);
  else await time(device);
}
if (!flags.check && !flags.tune) {
  const torch = await torchProducts(4096);
  if (torch) {
    say(
      `PyTorch ${torch.version}, cuBLAS, 4096³: f16 ${torch.rates.f16.toFixed(0)}, f32 ${
        torch.rates.f32.toFixed(0)
      } TFLOP/s`,
    );
    results.push({ torch });
  }
}
if (flags.json) console.log(JSON.stringify({ products: results }));
Deno.exit(failed ? 1 : 0);
