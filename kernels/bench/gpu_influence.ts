/**
 * Influence on this GPU: its results checked, and its cost beside training on the same candidates.
 *
 *     deno run -A kernels/bench/gpu_influence.ts [check] [cost] [profile] [--provider dawn|deno] [--tier …] [--models 140m:8x1024,…] [--json] [--out FILE]
 *
 * Without a part: check and cost. Per candidate batch, for one probe and for three that share the passes: products and norms, sums,
 * products again; the pass over a probe's own text, which costs as much as the sums, is apart, and so is what a (probe, checkpoint) pays once
 * whatever the candidates: two vectors' way to the device and one back. Figures are medians over rounds in which training and
 * influence take turns.
 * @module
 */
import { parseArgs } from "node:util";
import { BenchReport } from "./report.ts";
import type { Device, Provider, Tier } from "../webgpu/device/device.ts";
import { openDevice } from "../webgpu/device/open.ts";
import type { InfluenceWork } from "../webgpu/plan/influence.ts";
import type { TransformerShape } from "../webgpu/plan/transformer_parameters.ts";
import { checkInfluence } from "./gpu_influence_check.ts";
import { InfluenceBench } from "./gpu_influence_run.ts";
import { influenceLine, type InfluenceRow } from "./influence_table.ts";
import { median } from "./median.ts";
import { family, MODELS, randomTokens, StepBench } from "./step_run.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    provider: { type: "string", default: "auto" },
    tier: { type: "string", default: "auto" },
    models: { type: "string" },
    rounds: { type: "string", default: "3" },
    counts: { type: "string", default: "1,4,16" },
    out: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const options = { provider: flags.provider as Provider | "auto", tier: flags.tier as Tier | "auto" };
const report = new BenchReport(flags);
const { print, part: guarded } = report;

/** Batches of candidates. */
const COUNTS = flags.counts.split(",").map(Number);
const PROBES = [1, 3];
const PASSES: readonly InfluenceWork[] = ["products and norms", "sums", "products"];

/** Largest error of each tier. */
const MOST_ERROR = { f32: 1e-5, f16: 5e-3, tensor: 5e-3 } as const;

/** Milliseconds after which an idle GPU runs at its working clock. */
const WARMING = 700;

/** The workbench's proxy beside the published sizes. */
const SHAPES: Readonly<Record<string, TransformerShape>> = {
  ...MODELS,
  proxy: family(4, 4, 2, 256, 704, 16384),
};

async function check() {
  const tiers = ["f32", "f16", "tensor"] as const;
  using device = await openDevice(options);
  for (
    const tier of options.tier === "auto" ? tiers.slice(0, tiers.indexOf(device.tier) + 1) : [device.tier]
  ) {
    await guarded(`check ${tier}`, async () => {
      const errors = await checkInfluence(device.provider, tier);
      print(
        `check ${tier}: ${
          Object.entries(errors).map(([name, error]) => `${name} ${error.toExponential(1)}`).join(", ")
        }`,
      );
      if (Object.values(errors).some((error) => !(error < MOST_ERROR[tier]))) {
        throw new Error(`Off by more than ${MOST_ERROR[tier]}: ${JSON.stringify(errors)}.`);
      }
      return errors;
    });
  }
}

/** Milliseconds of some work. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

async function modelsOf(): Promise<
  { text: string; shape: TransformerShape; sequences: number; length: number }[]
> {
  using device = await openDevice(options);
  const texts = flags.models ??
    (/llvmpipe|swiftshader/i.test(device.adapter) ? "small:2x128" : "140m:8x1024,proxy:32x256");
  return texts.split(",").map((text) => {
    const [name = "", batch = ""] = text.split(":");
    const [sequences = 8, length = 1024] = batch.split("x").map(Number);
    const shape = SHAPES[name];
    if (!shape) throw new Error(`No model "${name}": ${Object.keys(SHAPES).join(", ")}.`);
    return { text, shape, sequences, length };
  });
}

/** Training and influence on one batch of random tokens. */
class Contest {
  private constructor(
    private readonly training: StepBench,
    readonly benches: readonly InfluenceBench[],
    /** Of device memory: training's, and influence's by the number of probes. */
    readonly gigabytes: Readonly<Record<string, number>>,
    private readonly tokens: Uint32Array,
    private readonly targets: Uint32Array,
  ) {}

  static async create(device: Device, shape: TransformerShape, sequences: number, length: number) {
    const [tokens, targets] = [1, 2].map((seed) =>
      randomTokens(sequences * length, shape.vocabularySize, seed)
    );
    const gigabytes: Record<string, number> = {};
    let allocated = 0;
    const took = (name: string) => {
      gigabytes[name] = (device.allocatedBytes - allocated) / 2 ** 30;
      allocated = device.allocatedBytes;
    };
    const training = await StepBench.create(device, shape, sequences, length);
    took("training");
    const benches = [];
    for (const probes of PROBES) {
      const bench = await InfluenceBench.create(device, shape, { sequences, length }, probes);
      bench.writeCoefficients(Array.from({ length: sequences }, () => 1));
      await Promise.all(PASSES.map((work) => bench.plan(work)));
      benches.push(bench);
      took(`${probes}`);
    }
    return new Contest(training, benches, gigabytes, tokens as Uint32Array, targets as Uint32Array);
  }

  async train(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.training.step(this.tokens, this.targets, 1e-5);
  }

  /** Milliseconds that a vector takes to the device, and a sum back. */
  async transfers(): Promise<{ there: number; back: number }> {
    const [bench] = this.benches as [InfluenceBench, InfluenceBench];
    const { device, parameters } = bench.model;
    const values = new Float32Array(parameters.places.count).fill(1);
    const there = await timed(async () => {
      bench.vectors[0]?.write(values);
      await device.settled();
    });
    return { there, back: await timed(() => bench.readSum(0)) };
  }

  async influence(bench: InfluenceBench, count: number): Promise<void> {
    // As the backend does: a batch is on the device while the one before it is read.
    let before: Promise<unknown> = Promise.resolve();
    for (const work of PASSES) {
      const plan = await bench.plan(work);
      for (let i = 0; i < count; i++) {
        bench.write(this.tokens, this.targets, work === "sums");
        const running = bench.run(work, plan);
        await before;
        before = running;
      }
    }
    await before;
  }
}

async function cost() {
  for (const { text, shape, sequences, length } of await modelsOf()) {
    await guarded(`cost ${text}`, async () => {
      using device = await openDevice(options);
      const before = performance.now();
      const contest = await Contest.create(device, shape, sequences, length);
      const compiling = performance.now() - before;
      print(
        `${text}, ${device.adapter} through ${device.provider}, ${device.tier}, ready after ${
          (compiling / 1000).toFixed(1)
        } s: milliseconds`,
      );
      for (const bench of contest.benches) bench.fillVectors();
      for (const end = performance.now() + WARMING; performance.now() < end;) await contest.train(1);
      for (const bench of contest.benches) await contest.influence(bench, 1);
      const rows: InfluenceRow[] = [];
      for (const count of COUNTS) {
        const training: number[] = [];
        const influence = PROBES.map((): number[] => []);
        for (let round = 0; round < Number(flags.rounds); round++) {
          training.push(await timed(() => contest.train(count)));
          for (const [i, bench] of contest.benches.entries()) {
            influence[i]?.push(await timed(() => contest.influence(bench, count)));
          }
        }
        const row = {
          candidates: count * sequences,
          training: median(training),
          influence: Object.fromEntries(PROBES.map((probes, i) => [probes, median(influence[i] ?? [])])),
        };
        rows.push(row);
        print(influenceLine(row));
      }
      const vectorTransfers = await contest.transfers();
      print(
        `a vector to the device ${vectorTransfers.there.toFixed(0)}, a sum back ${
          vectorTransfers.back.toFixed(0)
        }`,
      );
      return {
        adapter: device.adapter,
        provider: device.provider,
        tier: device.tier,
        length,
        rows,
        vectorTransfers,
        compiling,
        gigabytes: contest.gigabytes,
      };
    });
  }
}

/** Where a pass's time goes: its dispatches, those of all layers added up. */
async function profile() {
  for (const { text, shape, sequences, length } of await modelsOf()) {
    using device = await openDevice(options);
    const bench = await InfluenceBench.create(device, shape, { sequences, length }, 1);
    bench.fillVectors();
    bench.write(
      randomTokens(sequences * length, shape.vocabularySize, 1),
      randomTokens(sequences * length, shape.vocabularySize, 2),
      true,
    );
    for (const work of PASSES) {
      await guarded(`profile ${text} ${work}`, async () => {
        const plan = await bench.plan(work);
        await plan.time(5);
        const groups = new Map<string, { count: number; microseconds: number }>();
        for (const { label, microseconds } of await plan.profile()) {
          const name = label.replace(/layer \d+ /, "");
          const group = groups.get(name) ?? { count: 0, microseconds: 0 };
          groups.set(name, { count: group.count + 1, microseconds: group.microseconds + microseconds });
        }
        const sorted = [...groups].sort(([, a], [, b]) => b.microseconds - a.microseconds);
        print(
          `${text} ${work}: ${
            sorted.reduce((sum, [, { microseconds }]) => sum + microseconds, 0).toFixed(0)
          } µs`,
        );
        for (const [name, { count, microseconds }] of sorted.slice(0, 16)) {
          print(name.padEnd(36), String(count).padStart(5), microseconds.toFixed(0).padStart(8));
        }
        return Object.fromEntries(sorted);
      });
    }
  }
}

const parts: Record<string, () => Promise<unknown>> = { check, cost, profile };
for (const name of positionals.length === 0 ? ["check", "cost"] : positionals) {
  const part = parts[name];
  if (!part) {
    console.error(`No part "${name}": ${Object.keys(parts).join(", ")}.`);
    Deno.exit(2);
  }
  await part();
}
report.exit();
