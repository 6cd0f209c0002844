import assert from "node:assert/strict";
import {
  type PackedTokenizer,
  packModel,
  unpackModel,
  unpackTokenizer,
} from "../../../lib/generate/page/content.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { quantiseModel } from "../../../lib/model/quantise.ts";
import { readLlama3Ranks } from "../../../lib/tokenizer/ranks.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";
import { SMALL_MODEL } from "../../backends/small_model.ts";

/** What a page does to its content. */
function throughJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}

Deno.test("unpackModel() gives back the model that packModel() took, bit for bit", () => {
  const settings = { group: 8, embeddingGroup: 4, activationBits: 8 } as const;
  const model = quantiseModel({ config: SMALL_MODEL, weights: initialise(SMALL_MODEL, 1) }, settings);
  assert.deepEqual(unpackModel(throughJson(packModel(model))), model);
});

Deno.test("unpackTokenizer() gives a tokenizer with the same ids", async () => {
  const tokenizer = await openTokenizer("llama3-512");
  const packed: PackedTokenizer = {
    name: tokenizer.name,
    ranks: await readLlama3Ranks(tokenizer.special.beginOfText),
    specialTokens: [...tokenizer.specialTokens.keys()],
  };
  const again = unpackTokenizer(throughJson(packed));
  const text = "Let x² be <|eot_id|> 1234 naïve\r\n  words";
  assert.deepEqual(again.encode(text), tokenizer.encode(text));
  const ids = Uint32Array.from({ length: 512 }, (_, id) => id);
  assert.equal(again.decode(ids), tokenizer.decode(ids));
  assert.deepEqual(again.special, tokenizer.special);
});
