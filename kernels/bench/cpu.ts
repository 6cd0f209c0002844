/**
 * Times the CPU kernels: products alone, and whole training steps, beside PyTorch where python3 has it.
 *
 *     deno run -A kernels/bench/cpu.ts [--json]
 *
 * The reference step: V 4096, D 128, 2 heads of 64, 4 layers, FFN 352, tied, batch 4 × 256, float32, AdamW. Figures are
 * medians over rounds; in a round every contender has its turn, so that a slow second of the machine hits all.
 * @module
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { findBlas } from "../wasm/blas.ts";
import { stepFlops } from "../wasm/flops.ts";
import { compileKernels, hasRelaxedSimd, instantiateKernels, type Variant } from "../wasm/module.ts";
import { NO_SETTINGS } from "../wasm/plan/context.ts";
import { TransformerRuntime } from "../wasm/runtime.ts";
import type { BatchShape, TransformerShape } from "../wasm/shape.ts";
import { median } from "./median.ts";

const SHAPE: TransformerShape = {
  vocabularySize: 4096,
  width: 128,
  layers: 4,
  heads: 2,
  keyValueHeads: 2,
  headSize: 64,
  feedForwardWidth: 352,
  ropeTheta: 1e4,
  ropeScaling: null,
  normEpsilon: 1e-5,
  queryKeyNorm: "after rope",
  tiedEmbeddings: true,
};
const BATCH: BatchShape = { sequences: 4, length: 256, training: true, teacher: "none", teacherWidth: 0 };
const TOKENS = BATCH.sequences * BATCH.length;
const ROUNDS = 7;
/** Seconds after which no further round begins, once there are three: a busy machine is slow, and would not measure better. */
const SECONDS = 40;
const STEPS = 4;

/** Outputs and inputs of the step's linear layers, the head last. */
const LAYERS: readonly (readonly [outputs: number, inputs: number])[] = [
  [384, 128],
  [128, 128],
  [704, 128],
  [128, 352],
  [4096, 128],
];

/** Something that is timed; returns its rate. */
interface Contender {
  readonly name: string;
  round(): Promise<number>;
}

/** GFLOP/s of y = x·Wᵀ and of dW = dyᵀ·x over 1024 rows, one layer after another, on this thread. */
async function products(variant: Variant): Promise<Contender[]> {
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536, shared: true });
  const kernels = await instantiateKernels(await compileKernels(variant), memory);
  new Float32Array(memory.buffer).fill(0.5);
  const [x, y, panels, gradient, left, right, edge] = [1, 5, 25, 30, 40, 45, 50].map((mebibytes) =>
    mebibytes * 2 ** 20
  ) as [number, number, number, number, number, number, number];
  const timed = (run: () => void) => () => {
    const flop = LAYERS.reduce((sum, [outputs, inputs]) => sum + 2 * TOKENS * outputs * inputs, 0);
    const start = performance.now();
    run();
    return Promise.resolve(flop / (performance.now() - start) / 1e6);
  };
  return [
    {
      name: `y = x·Wᵀ, ${variant}, GFLOP/s`,
      round: timed(() => {
        for (const [outputs, inputs] of LAYERS) {
          const strides = [4 * inputs, 4 * outputs] as const;
          for (let row = 0; row < TOKENS; row += 40) {
            const rows = Math.min(40, TOKENS - row);
            const from = x + row * strides[0];
            const to = y + row * strides[1];
            kernels.multiplyPacked(
              from,
              strides[0],
              panels,
              inputs,
              rows,
              outputs,
              0,
              0,
              to,
              strides[1],
              left,
              edge,
            );
          }
        }
      }),
    },
    {
      name: `dW = dyᵀ·x, ${variant}, GFLOP/s`,
      round: timed(() => {
        for (const [outputs, inputs] of LAYERS) {
          for (let output = 0; output < outputs; output += 160) {
            const count = Math.min(160, outputs - output);
            const to = gradient + 4 * output * inputs;
            kernels.multiplyTransposed(
              y + 4 * output,
              4 * outputs,
              x,
              4 * inputs,
              TOKENS,
              count,
              inputs,
              0,
              to,
              4 * inputs,
              left,
              right,
              edge,
            );
          }
        }
      }),
    },
  ];
}

/** Tokens/s of whole steps: gradient, its norm, AdamW. */
async function steps(workers: number, variant: Variant, blas?: string): Promise<Contender> {
  const runtime = await TransformerRuntime.start(SHAPE, { workers, blas }, variant);
  const { model } = runtime;
  // Anything will do that looks random and stays small.
  runtime.parameters(model.weights).forEach((_, i, weights) => weights[i] = 0.03 * Math.sin(1e4 * i));
  const memory = runtime.place(BATCH);
  const ids = Uint32Array.from({ length: TOKENS + 1 }, (_, i) => (i * 2654435761) % SHAPE.vocabularySize);
  runtime.words(memory.tokens, TOKENS).set(ids.subarray(0, TOKENS));
  runtime.words(memory.targets, TOKENS).set(ids.subarray(1));
  runtime.floats(memory.lossWeights, TOKENS).fill(1);
  await runtime.run({ program: "pack" });
  const step = async () => {
    await runtime.run({
      program: "gradient",
      batch: BATCH,
      settings: { ...NO_SETTINGS, lossScale: 1 / TOKENS },
    });
    await runtime.run({ program: "squares" });
    await runtime.run({
      program: "update",
      update: {
        runs: [{ from: 0, count: model.places.count, keep: 1 }],
        clip: 1,
        beta1: 0.9,
        beta2: 0.95,
        epsilon: 1e-8,
        stepSize: 1e-4,
        correction: 1,
      },
    });
  };
  for (let i = 0; i < STEPS; i++) await step();
  return {
    name: `step, ${workers} ${workers === 1 ? "worker" : "workers"}, ${blas ?? variant}, tokens/s`,
    async round() {
      const start = performance.now();
      for (let i = 0; i < STEPS; i++) await step();
      return STEPS * TOKENS / (performance.now() - start) * 1000;
    },
  };
}

/** PyTorch's version and median tokens/s; undefined where python3 or torch is missing. */
async function torch(threads: number): Promise<{ version: string; rate: number } | undefined> {
  const script = fileURLToPath(new URL("./torch_cpu_step.py", import.meta.url));
  try {
    const command = new Deno.Command("python3", {
      args: [script, threads, ROUNDS, STEPS].map(String),
      stderr: "null",
    });
    const { success, stdout } = await command.output();
    if (!success) return undefined;
    const { version, rates } = JSON.parse(new TextDecoder().decode(stdout));
    return { version, rate: median(rates) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  const cores = navigator.hardwareConcurrency;
  const crews = cores === 1 ? [1] : [1, cores];
  const variants: readonly Variant[] = hasRelaxedSimd() ? ["relaxed", "simd"] : ["simd"];
  const blas = findBlas();
  const contenders: Contender[] = [];
  for (const variant of variants) contenders.push(...await products(variant));
  for (const workers of crews) {
    for (const variant of variants) contenders.push(await steps(workers, variant));
    if (blas !== undefined) contenders.push(await steps(workers, variants[0] as Variant, blas));
  }
  const rounds = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  const end = performance.now() + 1000 * SECONDS;
  for (let round = 0; round < ROUNDS && (round < 3 || performance.now() < end); round++) {
    for (const { name, round } of contenders) rounds.get(name)?.push(await round());
  }
  const figures: Record<string, number> = {};
  for (const [name, rates] of rounds) figures[name] = median(rates);
  for (const threads of crews) {
    const peer = await torch(threads);
    if (peer !== undefined) {
      figures[`step, PyTorch ${peer.version}, ${threads} threads, tokens/s`] = peer.rate;
    }
  }

  const flops = stepFlops(SHAPE, BATCH.sequences, BATCH.length);
  const cpu = cpus()[0]?.model ?? "unknown";
  if (Deno.args.includes("--json")) {
    console.log(JSON.stringify({ cpu, cores, blas, flops, figures }));
  } else {
    const share = (100 * flops.products / (flops.products + flops.attention)).toFixed(0);
    const gigaflop = ((flops.products + flops.attention) / 1e9).toFixed(2);
    console.log(`${cpu}, ${cores} cores; BLAS: ${blas ?? "none found"}`);
    console.log(`A step is ${gigaflop} GFLOP, ${share}% of it in products with weights.`);
    for (const [name, rate] of Object.entries(figures)) {
      console.log(`${name.padEnd(52)} ${rate.toFixed(rate < 1000 ? 1 : 0).padStart(8)}`);
    }
    const ours = figures[`step, ${cores} workers, ${variants[0]}, tokens/s`];
    const peer = Object.entries(figures).find(([name]) =>
      name.includes("PyTorch") && name.includes(`${cores} threads`)
    );
    if (ours !== undefined && peer !== undefined) {
      console.log(`ours / PyTorch: ${(ours / peer[1]).toFixed(2)}`);
    }
  }
  // The runtimes' workers wait for more.
  Deno.exit();
}
