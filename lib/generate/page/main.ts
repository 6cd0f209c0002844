/**
 * The page's program: reads its content, opens the GPU, and writes what the model writes. It runs in a browser only.
 * @module
 */
import type { DecodeBackend } from "../../backends/decode.ts";
import { createWebgpuDecoder } from "../../backends/webgpu_decode.ts";
import { asRunError } from "../../backends/webgpu_errors.ts";
import { parameterCount } from "../../model/config.ts";
import type { Tokenizer } from "../../tokenizer/byte_level.ts";
import { generateAll, type GenerationRequest } from "../generator.ts";
import { TextStream } from "../text_stream.ts";
import { openBrowserDevice } from "./browser_device.ts";
import { encodeQuestion } from "./chat_frame.ts";
import { type PageContent, unpackModel, unpackTokenizer } from "./content.ts";

/** Positions of the cache at most: its memory grows with them. */
const MOST_POSITIONS = 2048;

/** Few, so that text comes evenly where tokens are slow; more than one, since every call waits for the GPU. */
const STEPS_PER_CALL = 4;

/** An element of page.html. */
function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`The page has no ${kind.name} with the id "${id}".`);
}

const problem = element("problem", HTMLElement);
const status = element("status", HTMLElement);
const write = element("write", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const prompt = element("prompt", HTMLTextAreaElement);
const asQuestion = element("asQuestion", HTMLInputElement);

function input(id: string): number {
  return element(id, HTMLInputElement).valueAsNumber;
}

/** Puts the failure where a reader sees it. */
function report(error: unknown) {
  problem.textContent = error instanceof Error ? error.message : String(error);
  problem.hidden = false;
  status.textContent = "";
}

/** The form as a request. */
function request(content: PageContent, tokenizer: Tokenizer, { capacity }: DecodeBackend): GenerationRequest {
  const { beginOfText, endOfText, endOfTurn } = tokenizer.special;
  const tokens = asQuestion.checked
    ? encodeQuestion(prompt.value, content.chat, tokenizer)
    : Uint32Array.from([beginOfText, ...tokenizer.encode(prompt.value)]);
  const topK = input("topK");
  return {
    // A prompt that is too long loses its beginning.
    prompt: tokens.slice(-Math.ceil(capacity / 2)),
    sampling: {
      temperature: input("temperature"),
      topP: input("topP"),
      ...(Number.isFinite(topK) && { topK }),
    },
    seed: input("seed"),
    maxNewTokens: input("maxNewTokens"),
    stopTokens: [endOfText, endOfTurn, beginOfText],
  };
}

/** Writes one text, a few tokens at a time. */
async function generate(
  content: PageContent,
  tokenizer: Tokenizer,
  decoder: DecodeBackend,
  signal: AbortSignal,
): Promise<void> {
  const written = element("written", HTMLElement);
  element("given", HTMLElement).textContent = asQuestion.checked
    ? `${prompt.value.trim()}\n\n`
    : prompt.value;
  written.textContent = "";
  status.textContent = "Writing…";
  const stream = new TextStream(tokenizer);
  let tokens = 0, first = 0;
  const onToken = (_: number, token: number) => {
    written.append(stream.push(token));
    if (tokens++ === 0) first = performance.now();
  };
  const options = { onToken, signal, stepsPerCall: STEPS_PER_CALL };
  try {
    for await (const _ of generateAll(decoder, [request(content, tokenizer, decoder)], options));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  written.append(stream.end());
  // The first token waits for the prompt to be read.
  const rate = (tokens - 1) / ((performance.now() - first) / 1000);
  const speed = tokens > 1 ? `, ${rate.toFixed(1)} a second` : "";
  status.textContent = `${tokens} ${tokens === 1 ? "token" : "tokens"}${speed}`;
}

async function start(): Promise<void> {
  const content: PageContent = JSON.parse(element("content", HTMLElement).textContent ?? "");
  const { config, activationBits } = content.model;
  document.title = content.title;
  element("title", HTMLElement).textContent = content.title;
  element("facts", HTMLElement).textContent = [
    `${parameterCount(config).toLocaleString("en")} parameters`,
    `4-bit weights${activationBits === 8 ? ", 8-bit activations" : ""}`,
    `a vocabulary of ${config.vocabularySize.toLocaleString("en")}`,
  ].join(" · ");
  prompt.value = content.prompt;
  asQuestion.checked = content.asQuestion;

  const { device, name } = await asRunError(openBrowserDevice());
  const tokenizer = unpackTokenizer(content.tokenizer);
  const capacity = Math.min(config.maxPositions, MOST_POSITIONS);
  const decoder = await createWebgpuDecoder(unpackModel(content.model), { slots: 1, capacity }, device);
  const { weights, cache } = decoder.memory;
  element("device", HTMLElement).textContent = `Runs on ${name} through WebGPU: ${
    (weights / 1e6).toFixed(1)
  } MB of weights, ${(cache / 1e6).toFixed(1)} MB for ${capacity.toLocaleString("en")} tokens.`;
  status.textContent = "Ready.";
  write.disabled = false;

  let running = new AbortController();
  stop.addEventListener("click", () => running.abort());
  element("form", HTMLFormElement).addEventListener("submit", async (event) => {
    event.preventDefault();
    running = new AbortController();
    problem.hidden = write.disabled = true;
    stop.disabled = false;
    await generate(content, tokenizer, decoder, running.signal).catch(report);
    write.disabled = false;
    stop.disabled = true;
  });
}

await start().catch(report);
