/**
 * Times the CPU decoder at batch 1, beside transformers where python3 has it.
 *
 *     deno run -A kernels/bench/decode.ts [--json]
 *
 * A proxy (V 4096, D 128, 4 layers) and the 140M model, float32 and 4-bit weights, 256 positions of context. Figures are medians
 * over rounds; in a round every contender has its turn, so that a slow second of the machine hits all.
 * @module
 */
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { TransformerShape } from "../wasm/shape.ts";
import { decodeRate, DEVICE_MODELS, groupsOf, randomDecoder } from "./decode_measure.ts";
import { median } from "./median.ts";

/** Rounds at most, and seconds after which there are no more than three. */
const ROUNDS = 7, SECONDS = 60;
const CONTEXT = 256;
/** Tokens of a turn. */
const TOKENS = 16;

const LARGE = DEVICE_MODELS["140M"] as { shape: TransformerShape }; // The table has it.
const SHAPES: Readonly<Record<string, TransformerShape>> = {
  proxy: {
    ...LARGE.shape,
    vocabularySize: 4096,
    width: 128,
    layers: 4,
    heads: 2,
    keyValueHeads: 2,
    feedForwardWidth: 352,
  },
  "140M": LARGE.shape,
};

/** Something that is timed; returns tokens/s. */
interface Contender {
  readonly name: string;
  round(): Promise<number>;
}

async function ours(
  model: string,
  shape: TransformerShape,
  workers: number,
  packed: boolean,
): Promise<Contender> {
  const runtime = await randomDecoder(shape, CONTEXT, workers, packed ? groupsOf(32) : null);
  await decodeRate(runtime, TOKENS);
  return {
    name: `${model}, ${packed ? "4-bit" : "float32"}, ${workers} ${workers === 1 ? "worker" : "workers"}`,
    round: () => decodeRate(runtime, TOKENS),
  };
}

/** transformers as a process that answers each line with a rate; undefined where python3 or a package is missing. */
async function transformers(
  model: string,
  shape: TransformerShape,
  threads: number,
): Promise<Contender | undefined> {
  const script = fileURLToPath(new URL("./torch_decode.py", import.meta.url));
  let child: Deno.ChildProcess;
  try {
    const args = [script, JSON.stringify(shape), threads, CONTEXT, TOKENS].map(String);
    child = new Deno.Command("python3", { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  // A chunk of a pipe need not be a line. The two types of one stream differ in a result's optional property alone.
  const output = child.stdout as Parameters<typeof Readable.fromWeb>[0];
  const lines = createInterface({ input: Readable.fromWeb(output) })[Symbol.asyncIterator]();
  const writer = child.stdin.getWriter();
  const line = async (): Promise<string | undefined> => (await lines.next()).value;
  const version = await line();
  if (version === undefined) return undefined;
  return {
    name: `${model}, ${version}, float32, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    async round() {
      await writer.write(new TextEncoder().encode("go\n"));
      const rate = Number(await line());
      if (rate > 0) return rate;
      throw new Error(`transformers (${model}, ${threads} threads) ended before its measurement.`);
    },
  };
}

if (import.meta.main) {
  const cores = navigator.hardwareConcurrency;
  const contenders: Contender[] = [];
  for (const [model, shape] of Object.entries(SHAPES)) {
    for (const workers of new Set([1, cores])) {
      for (const packed of [false, true]) contenders.push(await ours(model, shape, workers, packed));
      const peer = await transformers(model, shape, workers);
      if (peer !== undefined) contenders.push(peer);
    }
  }
  const rates = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  const end = performance.now() + 1000 * SECONDS;
  for (let round = 0; round < ROUNDS && (round < 3 || performance.now() < end); round++) {
    for (const { name, round } of contenders) rates.get(name)?.push(await round());
  }
  const figures = Object.fromEntries([...rates].map(([name, own]) => [name, median(own)]));
  const device = `${cpus()[0]?.model ?? "unknown"}, ${cores} cores`;
  if (Deno.args.includes("--json")) console.log(JSON.stringify({ device, context: CONTEXT, figures }));
  else {
    console.log(`${device}; tokens/s at batch 1, ${CONTEXT} positions of context`);
    for (const [name, rate] of Object.entries(figures)) {
      console.log(`${name.padEnd(72)} ${rate.toFixed(1).padStart(8)}`);
    }
  }
  // Workers and the peer wait for more.
  Deno.exit();
}
