import assert from "node:assert/strict";
import { BertRegression } from "../../lib/curation/bert.ts";
import { changed } from "./education_fixture.ts";

Deno.test("readConfig() and readWeights() refuse what is no such model, naming key or tensor", async () => {
  const cases: [(config: string) => string, RegExp][] = [
    [(text) => text.replace('"bert"', '"deberta"'), /config.json: model_type is "deberta"/],
    [(text) => text.replace('"gelu"', '"relu"'), /hidden_act is "relu"/],
    [(text) => text.replace(/"hidden_size": 32,/, ""), /hidden_size is undefined/],
    [
      (text) => text.replace('"num_attention_heads": 4', '"num_attention_heads": 5'),
      /hidden_size is 32, .* 5\.$/,
    ],
    [() => "[", /config.json is no JSON object/],
    [
      (text) => text.replace('"intermediate_size": 48', '"intermediate_size": 64'),
      /tensor "bert.encoder.layer.0.intermediate.dense.weight" has shape \[48,32\], expected \[64,32\]/,
    ],
    [
      (text) => text.replace('"num_hidden_layers": 2', '"num_hidden_layers": 3'),
      /has no tensor "bert.encoder.layer.2.attention.self.query.weight"/,
    ],
  ];
  for (const [change, message] of cases) {
    await using directory = await changed({ "config.json": change });
    await assert.rejects(BertRegression.load(directory.path), { name: "UsageError", message });
  }
});
