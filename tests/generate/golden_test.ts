/** Greedy generation against transformers: the files under tests/fixtures/generate and their make.py. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { DecodeBackend } from "../../lib/backends/decode.ts";
import { createWasmDecoder } from "../../lib/backends/wasm_decode.ts";
import { SafetensorsFile } from "../../lib/core/safetensors.ts";
import { generateAll } from "../../lib/generate/generator.ts";
import { loadModel } from "../../lib/model/checkpoint.ts";

async function completion(decoder: DecodeBackend, prompt: Uint32Array, maxNewTokens: number) {
  const request = { prompt, sampling: { temperature: 0 }, seed: 0, maxNewTokens, stopTokens: [] };
  const [completion] = await Array.fromAsync(generateAll(decoder, [request]));
  return completion?.tokens ?? assert.fail("no completion");
}

for (const name of ["llama4_text", "llama_scaled", "qwen3"]) {
  for (const variant of ["relaxed", "simd"] as const) {
    Deno.test(`generateAll() at temperature 0 equals transformers token for token (${name}, ${variant})`, async () => {
      const directory = fileURLToPath(new URL(`../fixtures/generate/${name}`, import.meta.url));
      const model = await loadModel(directory);
      using golden = await SafetensorsFile.open(`${directory}/golden.safetensors`);
      const integers = async (tensor: string) => new Uint32Array((await golden.readBytes(tensor)).buffer);
      const [prompt, expected] = [await integers("prompt"), await integers("continuation")];
      assert.equal(expected.length, 64);
      await using decoder = await createWasmDecoder(model, { slots: 1, capacity: 128, workers: 2, variant });
      assert.deepEqual(await completion(decoder, prompt, expected.length), expected);

      await decoder.prefill([{ slot: 0, tokens: prompt }]);
      const drawn = await decoder.decode([{
        slot: 0,
        sampling: { temperature: 0 },
        uniforms: new Float32Array(),
      }], expected.length);
      assert.deepEqual(drawn, expected);
      const logits = await golden.readFloat32("logits");
      const ours = await decoder.logits(0);
      for (const [id, logit] of logits.entries()) {
        assert.ok(Math.abs((ours[id] ?? NaN) - logit) < 1e-4, `logit ${id}: ${ours[id]}, expected ${logit}`);
      }
    });
  }
}
