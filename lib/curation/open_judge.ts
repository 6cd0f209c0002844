/**
 * Judges by what a person names: a server's address, a model's directory, or one that is trained for the purpose.
 * @module
 */
import { openForward } from "../backends/open.ts";
import { UsageError } from "../core/errors.ts";
import { loadModel } from "../model/checkpoint.ts";
import { openTokenizer } from "../tokenizer/tokenizer.ts";
import type { Judge } from "./ask_llm.ts";
import { createModelJudge } from "./model_judge.ts";
import { createServerJudge, SERVER_JUDGE, type ServerJudge } from "./server_judge.ts";
import { type JudgeTraining, trainJudge } from "./trained_judge.ts";

/** What goes with a server, with a directory, and with training. */
export interface JudgeOptions {
  /** The server's model; the key is taken from OPENAI_API_KEY, where that is set. */
  readonly model: string | undefined;
  /** Where a server's answers are kept. */
  readonly cacheDirectory: string;
  /** Tokenizer of the directory's model. */
  readonly tokenizer: string;
  /** How the directory's model is asked. */
  readonly format: "chat" | "plain";
  /** What a trained judge learns from. */
  readonly training?: JudgeTraining;
}

/** The address of a judge that is trained on weak labels. */
export const TRAINED = "trained";

/** Most tokens of a prompt to a model of our own; more is slow and changes answers little. */
const MAX_TOKENS = 1024;

/** Documents that a model of our own judges at once. */
const BATCH_SIZE = 8;

/**
 * Opens OpenAI-compatible servers ("http://localhost:8000/v1", several with commas between them), a model directory on the CPU
 * engine, or ({@link TRAINED}) a judge that is trained first; for the rest of the process.
 *
 * @throws {UsageError} for a server without a model's name, a directory that is no model, another model's tokenizer, or training
 * without documents.
 * @throws {RunError} as {@link trainJudge}.
 */
export async function openJudge(address: string, options: JudgeOptions): Promise<Judge | ServerJudge> {
  if (/^https?:/.test(address)) {
    const { model, cacheDirectory } = options;
    if (model === undefined) {
      throw new UsageError(`The judge is the server ${address}, but no model of it is named.`);
    }
    const apiKey = Deno.env.get("OPENAI_API_KEY");
    return createServerJudge({
      ...SERVER_JUDGE,
      baseUrl: address,
      model,
      cacheDirectory,
      ...(apiKey === undefined ? {} : { apiKey }),
    });
  }
  if (address === TRAINED) {
    if (options.training === undefined) {
      throw new UsageError(`The judge is to be ${TRAINED}, but there are no documents to train it on.`);
    }
    return (await trainJudge(options.training)).judge;
  }
  const { config, weights } = await loadModel(address);
  const tokenizer = await openTokenizer(options.tokenizer);
  if (tokenizer.vocabularySize !== config.vocabularySize) {
    throw new UsageError(
      `Tokenizer ${tokenizer.name} has ${tokenizer.vocabularySize} ids, the judge in ${address} ${config.vocabularySize}.`,
    );
  }
  const backend = await openForward("wasm", config, weights, { blas: "off" });
  return createModelJudge(backend, weights, tokenizer, {
    format: options.format,
    maxTokens: Math.min(config.maxPositions, MAX_TOKENS),
    batchSize: BATCH_SIZE,
  });
}
