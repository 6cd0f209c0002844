/**
 * `deno task quantize MODEL --to DIRECTORY`: 4-bit weights, what they save and what they cost.
 * @module
 */
import { InvalidArgumentError } from "commander";
import { join } from "node:path";
import { openDecoder } from "../lib/backends/open_decoder.ts";
import { exists, writeFileAtomic } from "../lib/core/artefacts.ts";
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { compactNumber } from "../lib/core/progress.ts";
import { decoderNegativeLogLikelihood } from "../lib/generate/perplexity.ts";
import { loadModel, type Model } from "../lib/model/checkpoint.ts";
import { readCompanions } from "../lib/model/companions.ts";
import { parameterCount } from "../lib/model/config.ts";
import { paperGroup, quantiseModel } from "../lib/model/quantise.ts";
import type { QuantisedModel } from "../lib/model/quantisation.ts";
import { QUANTISED_FILE, saveQuantisedModel } from "../lib/model/quantised_checkpoint.ts";
import { findModel, tokenizerOf } from "../lib/pipeline/find_model.ts";
import { recordedTokenizer } from "../lib/pipeline/recorded_tokenizer.ts";
import { openShards } from "../lib/shards/reader.ts";

/** Positions that a token sees before it at most; short windows leave room for many side by side. */
const WINDOW = 256;
const SLOTS = 16;

interface Flags {
  readonly to: string;
  readonly group?: number;
  readonly embeddingGroup: number;
  readonly activations: string;
  readonly text?: string;
  readonly shards?: string;
  readonly tokens: number;
  readonly tokenizer?: string;
}

interface Result {
  readonly model: string;
  readonly to: string;
  /** Columns that share a scale. */
  readonly groups: { readonly linear: number; readonly embedding: number };
  readonly bytes: { readonly float32: number; readonly packed: number };
  /** Absent without text. */
  readonly perplexity?: { readonly before: number; readonly after: number; readonly tokens: number };
}

function count(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("expected a whole number above 0.");
}

const command = taskCommand("quantize", "4-bit weights, what they save and what they cost.")
  .usage("MODEL --to DIRECTORY [--text FILE | --shards DIRECTORY]")
  .argument("<model>", "a model directory, or a run: its last model")
  .requiredOption(
    "--to <directory>",
    `where ${QUANTISED_FILE} goes, with the tokenizer's files; must not exist`,
  )
  .option("--group <n>", "columns that share a scale; by default 32 up to 200M parameters, 128 beyond", count)
  .option("--embedding-group <n>", "the same in embedding and head", count, 32)
  .option("--activations <bits>", "8: inputs of products are rounded as well; 0: they are not", "8")
  .option("--text <file>", "text to measure the perplexity on, before and after")
  .option("--shards <directory>", "token shards instead")
  .option("--tokens <n>", "most tokens that are measured", count, 4096)
  .option("--tokenizer <name>", "of --text: llama3 or llama3-N; without it, what the model's stage says");

// A model is always named: commander asks for it.
await runTask<Flags>(command, async (flags, { print, signal }, [path = ""]) => {
  if (flags.activations !== "8" && flags.activations !== "0") {
    throw new UsageError(`--activations is "${flags.activations}", expected 8 or 0.`);
  }
  if (flags.text !== undefined && flags.shards !== undefined) {
    throw new UsageError("--text and --shards exclude each other.");
  }
  if (await exists(flags.to)) {
    throw new UsageError(`${flags.to} exists already, expected a directory to be made.`);
  }
  const directory = await findModel(path);
  const model = await loadModel(directory);
  const { group = paperGroup(parameterCount(model.config)), embeddingGroup } = flags;
  const packed = quantiseModel(model, {
    group,
    embeddingGroup,
    activationBits: flags.activations === "8" ? 8 : 0,
  });
  const windows = await readWindows(flags, directory, model);
  const measured = windows.length === 0 ? undefined : {
    before: await perplexity(model, windows, signal),
    after: await perplexity(packed, windows, signal),
    tokens: windows.reduce((sum, window) => sum + window.length - 1, 0),
  };
  const { companions } = await readCompanions(directory);
  for (const [name, content] of companions) await writeFileAtomic(join(flags.to, name), content);
  const tokenizer = flags.tokenizer ?? await recordedTokenizer(directory);
  const metadata = tokenizer === undefined ? {} : { tokenizer };
  const bytes = {
    float32: model.weights.byteLength,
    packed: await saveQuantisedModel(flags.to, packed, metadata),
  };
  print<Result>(
    {
      model: directory,
      to: flags.to,
      groups: { linear: group, embedding: embeddingGroup },
      bytes,
      ...(measured && { perplexity: measured }),
    },
    text,
  );
});

async function readWindows(flags: Flags, directory: string, { config }: Model): Promise<Uint32Array[]> {
  let tokens: Uint32Array;
  if (flags.text !== undefined) {
    const tokenizer = await tokenizerOf(directory, config.vocabularySize, flags.tokenizer);
    let content: string;
    try {
      content = await Deno.readTextFile(flags.text);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw new UsageError(`${flags.text} does not exist.`);
      throw error;
    }
    tokens = tokenizer.encode(content).subarray(0, flags.tokens);
  } else if (flags.shards !== undefined) {
    using shards = await openShards(flags.shards);
    tokens = shards.read(0, Math.min(flags.tokens, shards.tokens));
  } else return [];
  const length = Math.min(WINDOW, config.maxPositions);
  const windows = Array.from(
    { length: Math.ceil(tokens.length / length) },
    (_, i) => tokens.subarray(i * length, (i + 1) * length),
  );
  return windows.filter((window) => window.length > 1);
}

async function perplexity(
  weights: Model | QuantisedModel,
  windows: readonly Uint32Array[],
  signal: AbortSignal,
): Promise<number> {
  const slots = Math.min(SLOTS, windows.length);
  const capacity = Math.max(...windows.map((window) => window.length));
  await using decoder = await openDecoder("wasm", weights, { slots, capacity });
  return Math.exp(await decoderNegativeLogLikelihood(decoder, windows, signal));
}

function text({ model, to, bytes, perplexity }: Result): string {
  const ratio = (bytes.float32 / bytes.packed).toFixed(2);
  const size = `${to}: ${compactNumber(bytes.packed)}B, ${model} has ${
    compactNumber(bytes.float32)
  }B (${ratio} times as much)`;
  if (perplexity === undefined) return size;
  const { before, after, tokens } = perplexity;
  const loss = ((after / before - 1) * 100).toFixed(2);
  return `${size}\nperplexity on ${tokens} tokens: ${before.toFixed(3)} before, ${
    after.toFixed(3)
  } after (${loss}% more)`;
}
