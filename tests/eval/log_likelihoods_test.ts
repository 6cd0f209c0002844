/** Batched, padded and shared rows against a row at a time and plain log-softmax. */
import assert from "node:assert/strict";
import { openBackend } from "../../lib/backends/open.ts";
import type { TrainBackend } from "../../lib/backends/backend.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { encodeRequest, logLikelihoods } from "../../lib/eval/log_likelihoods.ts";
import type { LogLikelihoodRequest } from "../../lib/eval/system.ts";
import { openTokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { SMALL_MODEL, start } from "../backends/small_model.ts";

const tokenizer = await openTokenizer("llama3-512");
const config = { ...SMALL_MODEL, vocabularySize: 512, maxPositions: 48 };
const WINDOW = 48;

/** One row, no padding, log-softmax of every position in 64 bits. */
async function oracle(backend: TrainBackend, request: LogLikelihoodRequest): Promise<number> {
  const { tokens, start } = encodeRequest(request, tokenizer, WINDOW);
  const inputs = tokens.slice(0, -1);
  const logits = await backend.logits({ sequences: 1, length: inputs.length, tokens: inputs });
  let sum = 0;
  for (let at = start; at < tokens.length; at++) {
    const row = [...logits.subarray((at - 1) * 512, at * 512)];
    const highest = Math.max(...row);
    const normaliser = highest + Math.log(row.reduce((total, x) => total + Math.exp(x - highest), 0));
    sum += (row[tokens[at] ?? -1] ?? NaN) - normaliser;
  }
  return sum;
}

Deno.test("logLikelihoods() equals a row at a time, whatever shares a batch", async () => {
  await using backend = await start(await openBackend("wasm", config, { blas: "off", workers: 1 }));
  const requests: LogLikelihoodRequest[] = [
    { context: "Plants need", continuation: " light" },
    { context: "Plants need", continuation: " noise and a great deal of it" },
    // Letters share their context's row.
    ...["A", "B", "C", "D"].map((letter) => ({ context: "Which?\nAnswer:", continuation: ` ${letter}` })),
    // Longer than the window: the beginning is dropped.
    { context: "so ".repeat(60) + "it", continuation: " goes on" },
    { context: "so ".repeat(60) + "it is", continuation: " B" },
    // A space at the context's end belongs to the continuation.
    { context: "two and ", continuation: "two" },
    { context: "", continuation: "Once" },
  ];
  const expected: number[] = [];
  for (const request of requests) expected.push(await oracle(backend, request));
  for (const batchTokens of [1, 200, 4096]) {
    const sums = new Array<number>(requests.length).fill(NaN);
    for await (
      const { index, sum } of logLikelihoods(backend, tokenizer, requests, { batchTokens, window: WINDOW })
    ) {
      assert.ok(Number.isNaN(sums[index]), `request ${index} is answered twice`);
      sums[index] = sum;
    }
    sums.forEach((sum, i) => {
      const want = expected[i] as number;
      assert.ok(Math.abs(sum - want) < 1e-4 * Math.max(1, -want), `request ${i}: ${sum}, expected ${want}`);
    });
  }
});

Deno.test("encodeRequest() splits where the context's own tokens end", () => {
  const { tokens, start } = encodeRequest({ context: "two and ", continuation: "two" }, tokenizer, 64);
  assert.equal(tokenizer.decode(tokens.subarray(0, start)), "<|begin_of_text|>two and");
  assert.equal(tokenizer.decode(tokens.subarray(start)), " two");
});

Deno.test("encodeRequest() names a continuation without tokens", () => {
  assert.throws(
    () => encodeRequest({ context: "x", continuation: "" }, tokenizer, 64),
    (error) => error instanceof UsageError && /has 0 tokens, expected 1 to 64/.test(error.message),
  );
});
