/**
 * `deno task generate`: text from a model, as it comes.
 * @module
 */
import { InvalidArgumentError } from "commander";
import { isSoftware } from "../kernels/webgpu/device/adapter_info.ts";
import { openDecoder } from "../lib/backends/open_decoder.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { Random } from "../lib/core/random.ts";
import { generateAll } from "../lib/generate/generator.ts";
import { TextStream } from "../lib/generate/text_stream.ts";
import { loadAnyModel } from "../lib/model/quantised_checkpoint.ts";
import { findModel, tokenizerOf } from "../lib/pipeline/find_model.ts";
import { encodePrompt, openTemplate } from "../lib/tokenizer/chat.ts";

/** Samples side by side; more wait for a free slot. */
const MOST_SLOTS = 64;

interface Flags {
  readonly model: string;
  readonly prompt: string;
  readonly chat?: true;
  readonly template: string;
  readonly tokenizer?: string;
  readonly temperature: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly samples: number;
  readonly maxNewTokens: number;
  readonly seed: number;
  readonly backend: string;
}

/** What `--json` prints. */
interface Result {
  readonly model: string;
  readonly backend: string;
  readonly prompt: string;
  readonly promptTokens: number;
  readonly samples: readonly { readonly text: string; readonly tokens: number; readonly finish: string }[];
  readonly seconds: number;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("expected a number.");
}

function count(text: string): number {
  const value = number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above 0.");
}

/** auto: the GPU, where there is one that is not emulated. */
async function backendName(name: string): Promise<"wasm" | "webgpu"> {
  if (name === "wasm" || name === "webgpu") return name;
  if (name !== "auto") {
    throw new UsageError(`--backend is "${name}", expected one of auto, wasm, webgpu.`);
  }
  const adapter = await navigator.gpu?.requestAdapter();
  return adapter && !isSoftware(adapter) ? "webgpu" : "wasm";
}

const command = taskCommand("generate", "Text from a model, as it comes.")
  .requiredOption("--model <path>", "a model directory, packed or not, or a run: its last model")
  .requiredOption("--prompt <text>", "what it goes on from")
  .option("--chat", "put the prompt as a user's message and let the assistant answer")
  .option("--template <name>", "chat template: llama3 or a .jinja file", "llama3")
  .option("--tokenizer <name>", "llama3 or llama3-N; without it, what the model's stage says")
  .option("--temperature <t>", "0 takes the likeliest token", number, 0.8)
  .option("--top-p <p>", "only the likeliest tokens that together have this probability", number)
  .option("--top-k <k>", "only the k likeliest tokens", count)
  .option("--samples <n>", "continuations, written side by side", count, 1)
  .option("--max-new-tokens <n>", "most new tokens of each", count, 256)
  .option("--seed <n>", "another seed, other samples", number, 1)
  .option("--backend <name>", "auto, wasm or webgpu", "auto");

await runTask<Flags & { json?: true }>(command, async (flags, { signal, print }) => {
  const directory = await findModel(flags.model);
  const model = await loadAnyModel(directory);
  const { config } = model;
  const tokenizer = await tokenizerOf(directory, config.vocabularySize, flags.tokenizer);
  const { beginOfText, endOfText, endOfTurn } = tokenizer.special;
  const prompt = flags.chat
    ? encodePrompt([{ role: "user", content: flags.prompt }], tokenizer, await openTemplate(flags.template))
    : Uint32Array.from([beginOfText, ...tokenizer.encode(flags.prompt)]);
  const capacity = Math.min(config.maxPositions, prompt.length + flags.maxNewTokens);
  if (prompt.length >= capacity) {
    throw new UsageError(
      `--prompt has ${prompt.length} tokens, expected fewer than the model's ${config.maxPositions} positions.`,
    );
  }
  await using decoder = await openDecoder(await backendName(flags.backend), model, {
    slots: Math.min(flags.samples, MOST_SLOTS),
    capacity,
  });
  console.error(`${directory}, ${decoder.description}`);
  const seeds = Random.of(flags.seed, "samples");
  const requests = Array.from({ length: flags.samples }, (_, i) => ({
    prompt,
    sampling: {
      temperature: flags.temperature,
      ...(flags.topK !== undefined && { topK: flags.topK }),
      ...(flags.topP !== undefined && { topP: flags.topP }),
    },
    seed: seeds.uint32(i),
    maxNewTokens: flags.maxNewTokens,
    stopTokens: [endOfText, endOfTurn, beginOfText],
  }));
  const start = performance.now();
  // Several at a time would run into each other on a terminal: they are shown when each has ended.
  const live = flags.samples === 1 && !flags.json;
  const stream = new TextStream(tokenizer);
  const samples: Result["samples"][number][] = [];
  const completions = generateAll(decoder, requests, {
    signal,
    ...(live && { onToken: (_: number, token: number) => write(stream.push(token)), stepsPerCall: 1 }),
  });
  for await (const { index, tokens, finish } of completions) {
    const text = tokenizer.decode(tokens);
    samples[index] = { text, tokens: tokens.length, finish };
    if (live) write(stream.end() + "\n");
    else if (!flags.json) write(`── ${index + 1}, ${finish} ──\n${text}\n`);
  }
  const seconds = (performance.now() - start) / 1000;
  const written = samples.reduce((sum, { tokens }) => sum + tokens, 0);
  console.error(`${written} tokens in ${seconds.toFixed(1)} s, ${(written / seconds).toFixed(1)} a second`);
  if (!flags.json) return;
  const result: Result = {
    model: directory,
    backend: decoder.description,
    prompt: flags.prompt,
    promptTokens: prompt.length,
    samples,
    seconds,
  };
  print(result, () => "");
});

function write(text: string) {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
