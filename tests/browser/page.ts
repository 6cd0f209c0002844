/**
 * The offline page in a real browser: what it writes is what the CPU's decoder writes from the same packed model.
 *
 * Not among the unit tests, since it needs Chromium: `deno task test:browser`. SwiftShader stands in for a GPU.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { openDecoder } from "../../lib/backends/open_decoder.ts";
import { generateAll } from "../../lib/generate/generator.ts";
import { buildPage } from "../../lib/generate/page/build.ts";
import { MODEL_SIZES, type ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import type { QuantisedModel } from "../../lib/model/quantisation.ts";
import { quantiseModel } from "../../lib/model/quantise.ts";
import { encodePrompt, LLAMA3_TEMPLATE } from "../../lib/tokenizer/chat.ts";
import { openTokenizer, type Tokenizer } from "../../lib/tokenizer/tokenizer.ts";
import { picture, withPage } from "./chromium.ts";

const WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
/** Where activations are rounded to 8 bits, a last bit may turn a rounding, and an untrained model's texts part some tokens later. */
const CASES = [{ activationBits: 0, tokens: 32 }, { activationBits: 8, tokens: 8 }] as const;
const PROMPT = "Let x be a prime. <|eot_id|> stays text";

/**
 * Its head is another matrix than its embedding, so that it does not repeat itself at once; its layers add little, so that a
 * rounding decides little.
 */
const CONFIG: ModelConfig = {
  ...MODEL_SIZES["140m"],
  vocabularySize: 512,
  width: 64,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  headSize: 16,
  feedForwardWidth: 128,
  maxPositions: 256,
  tiedEmbeddings: false,
  initializerRange: 0.02,
};

function packedModel(activationBits: 0 | 8): QuantisedModel {
  const settings = { group: 32, embeddingGroup: 32, activationBits };
  return quantiseModel({ config: CONFIG, weights: initialise(CONFIG, 1) }, settings);
}

/** The likeliest tokens by the CPU, as text. */
async function expectedText(model: QuantisedModel, tokenizer: Tokenizer, prompt: Uint32Array, count: number) {
  const { beginOfText, endOfText, endOfTurn } = tokenizer.special;
  await using decoder = await openDecoder("wasm", model, { slots: 1, capacity: 256, workers: 1 });
  const request = {
    prompt,
    sampling: { temperature: 0 },
    seed: 1,
    maxNewTokens: count,
    stopTokens: [endOfText, endOfTurn, beginOfText],
  };
  const [completion] = await Array.fromAsync(generateAll(decoder, [request]));
  assert.ok(new Set(completion?.tokens).size > 4, `${completion?.tokens}`);
  return tokenizer.decode(completion?.tokens ?? []);
}

/** Presses Write and waits for the end of the text. */
async function written(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Write" }).click();
  const ended = page.getByText(/^\d+ tokens?/).or(page.getByRole("alert"));
  await ended.waitFor({ timeout: 60_000 });
  assert.match(await ended.textContent() ?? "", /^\d+ tokens/);
  return await page.locator("#written").evaluate((element) => element.textContent ?? "");
}

for (const { activationBits, tokens } of CASES) {
  Deno.test(`the page writes the wasm decoder's greedy tokens (${activationBits} activation bits)`, async () => {
    const model = packedModel(activationBits);
    const tokenizer = await openTokenizer("llama3-512");
    const html = await buildPage(model, tokenizer, LLAMA3_TEMPLATE, {
      title: "A <test>",
      prompt: PROMPT,
      asQuestion: false,
    });
    await withPage(html, WEBGPU, async (page) => {
      await page.getByText("Ready.").waitFor({ timeout: 60_000 });
      assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "A <test>");
      await page.getByLabel("Most tokens").fill(String(tokens));
      await page.getByLabel("Temperature").fill("0");
      const plain = Uint32Array.from([tokenizer.special.beginOfText, ...tokenizer.encode(PROMPT)]);
      assert.equal(await written(page), await expectedText(model, tokenizer, plain, tokens));
      await picture(page, "page_desktop");

      await page.getByLabel("as a question").check();
      const question = encodePrompt([{ role: "user", content: PROMPT }], tokenizer);
      assert.equal(await written(page), await expectedText(model, tokenizer, question, tokens));
    });
  });
}

Deno.test("the page repeats a seed's sample, stops when told, and fits a phone", async () => {
  const tokenizer = await openTokenizer("llama3-512");
  const settings = { title: "Test", prompt: PROMPT, asQuestion: false };
  const html = await buildPage(packedModel(8), tokenizer, LLAMA3_TEMPLATE, settings);
  await withPage(html, WEBGPU, async (page) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByText("Ready.").waitFor({ timeout: 60_000 });
    await page.getByLabel("Most tokens").fill("16");
    const sample = await written(page);
    assert.equal(await written(page), sample);
    await page.getByLabel("Seed").fill("2");
    assert.notEqual(await written(page), sample);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await picture(page, "page_phone_dark");

    await page.getByLabel("Most tokens").fill("100000");
    await page.getByRole("button", { name: "Write" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("status").getByText(/^\d+ tokens?/).waitFor();
    assert.ok(await page.getByRole("button", { name: "Write" }).isEnabled());
  });
});

Deno.test("the page says what is missing where a browser has no GPU, or no WebGPU at all", async () => {
  const tokenizer = await openTokenizer("llama3-512");
  const settings = { title: "Test", prompt: "", asQuestion: false };
  const html = await buildPage(packedModel(0), tokenizer, LLAMA3_TEMPLATE, settings);
  await withPage(html, ["--disable-gpu"], async (page) => {
    await page.getByRole("alert").getByText("finds no GPU").waitFor();
    assert.ok(await page.getByRole("button", { name: "Write" }).isDisabled());
    await picture(page, "page_without_gpu");
    await page.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined })
    );
    await page.reload();
    await page.getByRole("alert").getByText("has no WebGPU").waitFor();
  });
});
