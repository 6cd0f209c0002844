/**
 * Table 10 of the paper on this device: tokens/s of 4-bit models by the length of the context, with their memory and where
 * they no longer fit, beside the published figures of a phone.
 *
 *     deno run -A kernels/bench/on_device.ts [--json]
 *
 * Weights and cache are random. Every cell is a process of its own, so that memory is that of one model at one length.
 * @module
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { MemoryLimitError } from "../wasm/memory/arena.ts";
import { decodeRate, DEVICE_MODELS, groupsOf, randomDecoder } from "./decode_measure.ts";

const CONTEXTS = [1024, 2048, 4096, 8192, 16384, 32768];
const TOKENS = 12;

/** One model at one length; `doesNotFit` says why where it does not. */
type Cell =
  | {
    readonly tokensPerSecond: number;
    readonly weights: number;
    readonly cache: number;
    readonly resident: number;
  }
  | { readonly doesNotFit: string };

/** A row of the table: cells in the order of CONTEXTS; published figures of the phone, null where it ran out of memory. */
interface Row {
  readonly model: string;
  readonly cells: readonly Cell[];
  readonly phone: readonly (number | null)[];
}

/** Measures in this process. */
async function measure(model: string, context: number): Promise<Cell> {
  const { shape, group } = DEVICE_MODELS[model] ?? raise(`${model} is no model of the table.`);
  try {
    const cores = navigator.hardwareConcurrency;
    using runtime = await randomDecoder(shape, context, cores, groupsOf(group));
    const tokensPerSecond = await decodeRate(runtime, TOKENS);
    return { tokensPerSecond, ...runtime.places.bytes, resident: Deno.memoryUsage().rss };
  } catch (error) {
    if (!(error instanceof MemoryLimitError || error instanceof RangeError)) throw error;
    return { doesNotFit: error.message };
  }
}

function raise(message: string): never {
  throw new Error(message);
}

/** Measures in a process of its own; one that is killed did not fit either. */
async function measureApart(model: string, context: number): Promise<Cell> {
  const args = ["run", "-q", "-A", fileURLToPath(import.meta.url), "--cell", model, String(context)];
  const { success, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (success) return JSON.parse(new TextDecoder().decode(stdout));
  if (signal === "SIGKILL") return { doesNotFit: "The operating system ended the process." };
  throw new Error(new TextDecoder().decode(stderr));
}

/** Published tokens/s by size. */
async function phoneFigures(): Promise<Map<string, (number | null)[]>> {
  const path = new URL("../../data/paper/on_device.json", import.meta.url);
  const { rows } = JSON.parse(await Deno.readTextFile(path)) as {
    rows: [string, string, ...(number | null)[]][];
  };
  return new Map(
    rows.map(([name, size, ...rates]) => [name.startsWith("MobileLLM-R1") ? size : name, rates]),
  );
}

function table(rows: readonly Row[]): string {
  const cellText = (cell: Cell) => "doesNotFit" in cell ? "does not fit" : cell.tokensPerSecond.toFixed(1);
  const memoryText = (cell: Cell) => "doesNotFit" in cell ? "–" : `${(cell.resident / 1e6).toFixed(0)} MB`;
  const lines = [
    ["", ...CONTEXTS.map((context) => `${context / 1024}k`)],
    ...rows.flatMap(({ model, cells, phone }) => [
      [`${model} here, tokens/s`, ...cells.map(cellText)],
      [`${model} here, resident`, ...cells.map(memoryText)],
      [
        `${model} phone (published)`,
        ...phone.map((rate) => rate === null ? "out of memory" : rate.toFixed(1)),
      ],
    ]),
  ];
  return lines.map(([name = "", ...cells]) =>
    name.padEnd(26) + cells.map((cell) => cell.padStart(14)).join("")
  )
    .join("\n");
}

if (import.meta.main) {
  const [flag, model = "", context] = Deno.args;
  if (flag === "--cell") {
    console.log(JSON.stringify(await measure(model, Number(context))));
    Deno.exit();
  }
  const phone = await phoneFigures();
  const rows: Row[] = [];
  for (const model of Object.keys(DEVICE_MODELS)) {
    const cells: Cell[] = [];
    for (const context of CONTEXTS) cells.push(await measureApart(model, context));
    rows.push({ model, cells, phone: phone.get(model) ?? [] });
  }
  const device = `${cpus()[0]?.model ?? "unknown"}, ${navigator.hardwareConcurrency} cores`;
  const published = "Samsung Galaxy S22, ExecuTorch (MobileLLM-R1, Table 10)";
  if (Deno.args.includes("--json")) {
    console.log(JSON.stringify({ device, published, contexts: CONTEXTS, rows }));
  } else console.log(`${device}; the phone: ${published}\n${table(rows)}`);
}
