/**
 * Matrix products on this machine's GPU: their speed, their correctness, and how best to divide them.
 *
 *     deno run -A kernels/bench/gpu.ts [--check | --tune] [--provider dawn|deno] [--tier f32|f16|tensor] [--model 140m|950m] [--json]
 *
 * Without a flag: a square product in every tier of every provider, beside PyTorch's where that runs, and in the fastest tier the products
 * of a training step. `--check` compares random products with 64-bit sums; `--tune` takes half a minute and the fastest provider and tier.
 * A GPU that the processor imitates gets small products.
 * @module
 */
import { parseArgs } from "node:util";
import type { Device } from "../webgpu/device/device.ts";
import { productTiles } from "../webgpu/tiles.ts";
import { choicesFor, writeTuning } from "../webgpu/tuning.ts";
import { describeCase, type ProductCase, productError, randomCases, tolerance } from "./gpu_check_product.ts";
import { isSlow, shareOfLimit } from "./gpu_cards.ts";
import { bestDevice, devices } from "./gpu_devices.ts";
import { Operands, type ProductTime, timeChoices, timeProducts, tuningFrom } from "./gpu_products.ts";
import { benchedShapes, squareProduct, type StepProduct, stepProducts } from "./gpu_shapes.ts";
import { torchProducts } from "./gpu_torch.ts";

const { values: flags } = parseArgs({
  options: {
    provider: { type: "string" },
    tier: { type: "string" },
    model: { type: "string", default: "140m" },
    check: { type: "boolean", default: false },
    tune: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const results: Record<string, unknown>[] = [];
/** Progress and tables go to the terminal, unless one JSON object is wanted. */
const say = (line: string) => flags.json ? console.error(line) : console.log(line);

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

/** Seconds for compiling what is compared; measuring it takes about as many again. */
const TUNING_SECONDS = 15;

/** Choices that are compared for a product. */
const TUNING_CHOICES = 4;

async function tune(device: Device): Promise<void> {
  // The most expensive first: where time runs out, they gain most.
  const tests = productsFor(device).toSorted((x, y) => y.m * y.n * y.k - x.m * x.n * x.k);
  using operands = new Operands(device, tests, device.tier === "f32" ? "f32" : "f16");
  const times = await timeChoices(operands, tests, TUNING_CHOICES, TUNING_SECONDS);
  await writeTuning(tuningFrom(device.tuning, operands, times));
  for (const test of tests) {
    const [own] = choicesFor(test, device.tier === "tensor" ? "tensor" : "vector");
    const mine = times.filter((time) => time.test === test).toSorted((x, y) =>
      x.microseconds - y.microseconds
    );
    const [best] = mine;
    if (!best?.choice) {
      say(`  ${test.label}: no time left, as before`);
      continue;
    }
    const untuned = mine.find(({ choice }) => choice?.tile === own?.tile && choice?.split === own?.split);
    const gain = untuned ? untuned.microseconds / best.microseconds - 1 : 0;
    printTime(
      device,
      best,
      `${best.choice.tile} / ${best.choice.split}${gain > 0 ? `, +${(100 * gain).toFixed(0)}%` : ""}`,
    );
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
    : [squareProduct(4096), ...stepProducts(benchedShapes[flags.model === "950m" ? "950m" : "140m"])];
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
if (flags.tune) {
  using device = await bestDevice(flags, say);
  if (device) {
    say(`${device.adapter} · ${device.provider} · ${device.tier}`);
    await tune(device);
  }
} else {
  for await (const device of devices(flags, say)) {
    say(`${device.adapter} · ${device.provider} · ${device.tier}`);
    if (flags.check) failed = !(await check(device)) || failed;
    else await time(device);
  }
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
