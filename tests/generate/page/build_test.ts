import assert from "node:assert/strict";
import { buildPage } from "../../../lib/generate/page/build.ts";
import { type PageContent, unpackModel } from "../../../lib/generate/page/content.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { quantiseModel } from "../../../lib/model/quantise.ts";
import { LLAMA3_TEMPLATE } from "../../../lib/tokenizer/chat.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";
import { SMALL_MODEL } from "../../backends/small_model.ts";

const config = { ...SMALL_MODEL, vocabularySize: 512 };
const model = quantiseModel(
  { config, weights: initialise(config, 1) },
  { group: 8, embeddingGroup: 8, activationBits: 8 },
);
const tokenizer = await openTokenizer("llama3-512");

/** The text of the n-th script element, as an HTML parser finds it. */
function script(html: string, n: number): string {
  return [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script/g)][n]?.[1] ?? "";
}

Deno.test("buildPage() carries the model and whatever its settings say, and equal calls give equal bytes", async () => {
  const settings = {
    title: "</script><!-- $& /*program*/",
    prompt: "a < b && </textarea>",
    asQuestion: true,
  };
  const html = await buildPage(model, tokenizer, LLAMA3_TEMPLATE, settings);
  const content: PageContent = JSON.parse(script(html, 0));
  const { title, prompt, asQuestion } = content;
  assert.deepEqual({ title, prompt, asQuestion }, settings);
  assert.deepEqual(unpackModel(content.model), model);
  assert.equal(await buildPage(model, tokenizer, LLAMA3_TEMPLATE, settings), html);
});

Deno.test("buildPage() makes a file that asks for nothing else", async () => {
  const settings = { title: "Test", prompt: "", asQuestion: false };
  const html = await buildPage(model, tokenizer, LLAMA3_TEMPLATE, settings);
  const program = script(html, 1);
  assert.ok(program.length > 10_000);
  assert.doesNotMatch(program, /\bimport\s*[("'{*]|\bnode:|\bfetch\(|XMLHttpRequest/);
  assert.doesNotMatch(html, /https?:|\bsrc=|@import/);
});
