/**
 * Table 10 of the paper on this device: tokens/s of 4-bit models by the length of the context, with their memory and where
 * they no longer fit, beside the published figures of a phone.
 *
 *     deno run -A kernels/bench/on_device.ts [--backend wasm|webgpu] [--sizes 140M,950M] [--contexts 1024,32768]
 *       [--seconds 60] [--json]
 *
 * Weights and cache are random. Every cell is a process of its own, so that memory is that of one model at one length; it is
 * ended after so many seconds. Cells are printed as they come. For webgpu it may be bundled into one file; wasm's kernels
 * and workers are files beside it.
 * @module
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import published from "../../data/paper/on_device.json" with { type: "json" };
import { MemoryLimitError } from "../wasm/memory/arena.ts";
import { openDevice } from "../webgpu/device/open.ts";
import { OutOfDeviceMemoryError } from "../webgpu/device/errors.ts";
import { decodeRate, DEVICE_MODELS, groupsOf, randomDecoder } from "./decode_measure.ts";
import { median } from "./median.ts";
import { timeDecoding } from "./gpu_decode_measure.ts";

/** Tokens of a pass on the CPU, and passes; the first does not count. */
const TOKENS = 12, PASSES = 4;

/** One model at one length. */
type Measured =
  | {
    readonly tokensPerSecond: number;
    /** Bytes: wasm, resident in the process; webgpu, of all buffers on the device. */
    readonly memory: number;
    readonly device: string;
  }
  | { readonly doesNotFit: string }
  | { readonly tookLonger: number };

/** A cell of the table, with the phone's tokens/s; null: it ran out of memory; undefined: not published. */
type Cell = Measured & {
  readonly model: string;
  readonly context: number;
  readonly phone: number | null | undefined;
};

/** Measures in this process. */
async function measure(backend: string, model: string, context: number): Promise<Measured> {
  try {
    return await (backend === "webgpu" ? onGpu : onCpu)(model, context);
  } catch (error) {
    const small = [MemoryLimitError, OutOfDeviceMemoryError, RangeError].some((kind) =>
      error instanceof kind
    );
    if (!small) throw error;
    return { doesNotFit: (error as Error).message };
  }
}

async function onCpu(model: string, context: number): Promise<Measured> {
  const { shape, group } = sizeOf(model);
  const cores = navigator.hardwareConcurrency;
  using runtime = await randomDecoder(shape, context, cores, groupsOf(group));
  // The first passes of a process are slow: V8 compiles the kernels anew while they run.
  const rates: number[] = [];
  for (let pass = 0; pass < PASSES; pass++) rates.push(await decodeRate(runtime, TOKENS));
  const tokensPerSecond = median(rates.slice(1));
  const device = `${cpus()[0]?.model ?? "unknown"}, ${cores} cores`;
  return { tokensPerSecond, memory: Deno.memoryUsage().rss, device };
}

/** Groups are of 32 columns for every size, which costs the larger ones some bytes more than the paper's 128. */
async function onGpu(model: string, context: number): Promise<Measured> {
  using device = await openDevice();
  const greedy = { temperature: 0, topP: 1 };
  const times = await timeDecoding(device, sizeOf(model).shape, "4-bit", 1, [context], greedy, () => {});
  // The context was asked for.
  const { tokensPerSecond, memory } = times[context] as typeof times[number];
  return { tokensPerSecond, memory, device: `${device.adapter}, ${device.provider}, ${device.tier}` };
}

function sizeOf(model: string) {
  const size = DEVICE_MODELS[model];
  if (size !== undefined) return size;
  throw new Error(`No model "${model}": ${Object.keys(DEVICE_MODELS).join(", ")}.`);
}

/** Measures in a process of its own; one that is killed by the system did not fit either. */
async function measureApart(
  backend: string,
  model: string,
  context: number,
  seconds: number,
): Promise<Measured> {
  const program = fileURLToPath(import.meta.url);
  const args = ["run", "-q", "-A", program, "--cell", "--backend", backend, "--sizes", model, "--contexts"];
  const late = AbortSignal.timeout(1000 * seconds);
  const child = new Deno.Command(Deno.execPath(), { args: [...args, String(context)], signal: late });
  const { success, signal, stdout, stderr } = await child.output();
  if (success) return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "");
  if (late.aborted) return { tookLonger: seconds };
  if (signal === "SIGKILL") return { doesNotFit: "The operating system ended the process." };
  throw new Error(new TextDecoder().decode(stderr));
}

/** What the phone did at a length, as `Cell` has it. */
function phoneFigure(model: string, context: number): number | null | undefined {
  const column = published.columns.indexOf(`tokens_per_second_${context / 1024}k`);
  const value = published.rows.find((row) => row[1] === model)?.[column];
  return typeof value === "string" ? undefined : value;
}

/** A line of the table. */
function line(cell: Cell): string {
  const own = "tokensPerSecond" in cell
    ? [cell.tokensPerSecond.toFixed(1), `${(cell.memory / 1e6).toFixed(0)} MB`]
    : ["tookLonger" in cell ? `over ${cell.tookLonger} s` : "does not fit", "–"];
  const phone = cell.phone === null ? "out of memory" : cell.phone?.toFixed(1) ?? "not published";
  return row([cell.model, `${cell.context / 1024}k`, ...own, phone]);
}

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => cell.padStart([6, 8, 14, 12, 18][i] ?? 0)).join("");
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    options: {
      backend: { type: "string", default: "wasm" },
      sizes: { type: "string", default: Object.keys(DEVICE_MODELS).join(",") },
      contexts: { type: "string", default: "1024,2048,4096,8192,16384,32768" },
      seconds: { type: "string", default: "60" },
      json: { type: "boolean", default: false },
      cell: { type: "boolean", default: false },
    },
  });
  const { backend } = flags;
  const sizes = flags.sizes.split(","), contexts = flags.contexts.split(",").map(Number);
  if (flags.cell) {
    console.log(JSON.stringify(await measure(backend, sizes[0] ?? "", contexts[0] ?? NaN)));
    Deno.exit();
  }
  // Lines are for people: on standard error where standard output is for a program.
  const print = flags.json ? console.error : console.log;
  print(`phone: Samsung Galaxy S22, published in ${published.source}`);
  print(row(["model", "context", "tokens/s", "memory", "phone, tokens/s"]));
  const cells: Cell[] = [];
  for (const model of sizes) {
    sizeOf(model);
    for (const context of contexts) {
      const measured = await measureApart(backend, model, context, Number(flags.seconds));
      const cell = { model, context, phone: phoneFigure(model, context), ...measured };
      cells.push(cell);
      print(line(cell));
    }
  }
  const device = cells.map((cell) => "device" in cell ? cell.device : null).find((name) => name !== null);
  print(`${backend}, ${device ?? "nothing was measured"}`);
  if (flags.json) console.log(JSON.stringify({ backend, device: device ?? null, cells }));
}
