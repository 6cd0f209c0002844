import fc from "fast-check";
import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { MODEL_SIZES, type ModelConfig } from "../../lib/model/config.ts";
import { configFromHuggingFace, configToHuggingFace } from "../../lib/model/hugging_face.ts";

const multipleOf4 = fc.integer({ min: 1, max: 2000 }).map((n) => 4 * n);
const configs: fc.Arbitrary<ModelConfig> = fc.record({
  vocabularySize: fc.integer({ min: 1, max: 300_000 }),
  width: multipleOf4,
  layers: fc.integer({ min: 1, max: 40 }),
  keyValueHeads: fc.integer({ min: 1, max: 8 }),
  heads: fc.integer({ min: 1, max: 8 }),
  headSize: multipleOf4,
  feedForwardWidth: multipleOf4,
  ropeTheta: fc.integer({ min: 1, max: 1e7 }),
  ropeScaling: fc.option(fc.record({
    factor: fc.integer({ min: 1, max: 32 }),
    lowFrequencyFactor: fc.integer({ min: 1, max: 3 }),
    highFrequencyFactor: fc.integer({ min: 4, max: 8 }),
    originalMaxPositions: fc.integer({ min: 1, max: 8192 }),
  }, { noNullPrototype: true })),
  normEpsilon: fc.constantFrom(1e-5, 1e-6),
  form: fc.constantFrom<Pick<ModelConfig, "type" | "queryKeyNorm">>(
    { type: "llama4_text", queryKeyNorm: "none" },
    { type: "llama4_text", queryKeyNorm: "after rope" },
    { type: "llama", queryKeyNorm: "none" },
    { type: "qwen3", queryKeyNorm: "before rope, weighted" },
  ),
  tiedEmbeddings: fc.boolean(),
  maxPositions: fc.integer({ min: 1, max: 1 << 20 }),
  initializerRange: fc.constantFrom(0.02, 0.01),
}).map(({ form, ...config }) => ({ ...config, ...form, heads: config.heads * config.keyValueHeads }));

const SMALLEST = configToHuggingFace(MODEL_SIZES["140m"]);
const LLAMA = configToHuggingFace({ ...MODEL_SIZES["140m"], type: "llama", queryKeyNorm: "none" });
const QWEN3 = configToHuggingFace({
  ...MODEL_SIZES["140m"],
  type: "qwen3",
  queryKeyNorm: "before rope, weighted",
});
/** Llama 3.1's own. */
const LLAMA3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

Deno.test("configFromHuggingFace() reads what configToHuggingFace() writes", () => {
  fc.assert(fc.property(configs, (config) => {
    assert.deepEqual(
      configFromHuggingFace(JSON.parse(JSON.stringify(configToHuggingFace(config))), "x"),
      config,
    );
  }));
});

Deno.test("configFromHuggingFace() reads the file of transformers 4: rope_theta at the top, no layer types", () => {
  const { rope_parameters: _, layer_types: __, dtype: ___, ...old } = SMALLEST;
  assert.deepEqual(
    configFromHuggingFace({
      ...old,
      rope_theta: 8e6,
      max_position_embeddings: 32768,
      attention_chunk_size: 32768,
    }, "x"),
    { ...MODEL_SIZES["140m"], ropeTheta: 8e6, maxPositions: 32768 },
  );
});

Deno.test("configFromHuggingFace() reads RoPE's scaling from either transformers, by either name of its type", () => {
  const { rope_type, ...numbers } = LLAMA3;
  const ropeScaling = {
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalMaxPositions: 8192,
  };
  for (
    const rope of [
      { rope_scaling: LLAMA3, rope_theta: 5e5, rope_parameters: undefined },
      { rope_scaling: { type: rope_type, ...numbers }, rope_theta: 5e5, rope_parameters: undefined },
      { rope_scaling: undefined, rope_theta: undefined, rope_parameters: { ...LLAMA3, rope_theta: 5e5 } },
    ]
  ) {
    const config = configFromHuggingFace({ ...LLAMA, ...rope }, "x");
    assert.deepEqual([config.ropeTheta, config.ropeScaling], [5e5, ropeScaling]);
  }
});

Deno.test("configFromHuggingFace() takes transformers' defaults for keys that are not there", () => {
  const config = configFromHuggingFace({
    model_type: "llama4_text",
    vocab_size: 64,
    hidden_size: 32,
    intermediate_size_mlp: 48,
    num_hidden_layers: 3,
    num_attention_heads: 8,
    max_position_embeddings: 128,
    moe_layers: [],
  }, "x");
  assert.deepEqual(config, {
    type: "llama4_text",
    vocabularySize: 64,
    width: 32,
    layers: 3,
    heads: 8,
    keyValueHeads: 8,
    headSize: 128,
    feedForwardWidth: 48,
    ropeTheta: 500_000,
    ropeScaling: null,
    normEpsilon: 1e-5,
    queryKeyNorm: "after rope",
    tiedEmbeddings: false,
    maxPositions: 128,
    initializerRange: 0.02,
  });
});

Deno.test("configFromHuggingFace() names the key that it does not support, its value and what it does", async (t) => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [
      { model_type: "gemma3_text" },
      /model_type is "gemma3_text", supported: "llama4_text", "llama", "qwen3"/,
    ],
    [{ model_type: undefined }, /model_type is missing/],
    [{ moe_layers: [1] }, /moe_layers is \[1\], supported: \[\]/],
    [{ moe_layers: undefined, interleave_moe_layer_step: 1 }, /moe_layers is missing/],
    [{ no_rope_layers: Array(15).fill(1).with(3, 0) }, /no_rope_layers is \[1,1,1,0,.*RoPE in every layer/],
    [{ no_rope_layers: undefined }, /no_rope_layers is missing/],
    [
      { rope_scaling: { type: "linear", factor: 8 } },
      /rope_scaling\.rope_type is "linear", supported: "default"/,
    ],
    [{ rope_parameters: { rope_type: "yarn" } }, /rope_parameters\.rope_type is "yarn"/],
    [
      { rope_scaling: { rope_type: "llama3" } },
      /rope_scaling\.factor is missing, supported: a positive number/,
    ],
    [{ rope_scaling: { ...LLAMA3, factor: "8" } }, /rope_scaling\.factor is "8"/],
    [
      { rope_scaling: { ...LLAMA3, high_freq_factor: 1 } },
      /ropeScaling is .*lowFrequencyFactor < highFrequency/,
    ],
    [{ rope_parameters: { rope_theta: -1 } }, /rope_parameters\.rope_theta is -1/],
    [
      { rope_parameters: { full_attention: { rope_theta: 5 } } },
      /full_attention is .* one setting for all layers/,
    ],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor is 0.5, supported: 1/],
    [{ quantization_config: { bits: 4 } }, /quantization_config is {"bits":4}, supported: none/],
    [{ ...LLAMA, mlp_bias: true }, /mlp_bias is true, supported: false/],
    [{ ...LLAMA, attention_bias: true }, /attention_bias is true, supported: false/],
    [{ ...LLAMA, hidden_size: 580, head_dim: null }, /headSize is 64\.4/],
    [{ ...LLAMA, intermediate_size: undefined }, /intermediate_size is missing, expected number/],
    [
      { ...QWEN3, layer_types: ["full_attention", "sliding_attention"] },
      /layer_types is .*sliding_attention/,
    ],
    [
      { ...QWEN3, layer_types: null, sliding_window: 8, max_window_layers: 0, use_sliding_window: true },
      /use_sliding_window is true/,
    ],
    [{ layer_types: undefined, attention_chunk_size: 1024 }, /attention_chunk_size is 1024, .*4096/],
    [{ hidden_act: "gelu" }, /hidden_act is "gelu", supported: "silu"/],
    [{ attention_bias: true }, /attention_bias is true/],
    [{ attention_dropout: 0.1 }, /attention_dropout is 0.1/],
    [{ vocab_size: undefined }, /vocab_size is missing, expected number/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers is 1000000000, .*10000/],
    [{ hidden_size: "576" }, /hidden_size is "576", expected number/],
    [{ num_key_value_heads: 4 }, /keyValueHeads is 4, expected a divisor of heads \(9\)/],
  ];
  for (const [change, message] of cases) {
    await t.step(`${message}`, () => {
      assert.throws(
        () => configFromHuggingFace({ ...SMALLEST, ...change }, "some/config.json"),
        (error) =>
          error instanceof UsageError && error.message.startsWith("some/config.json: ") &&
          message.test(error.message),
      );
    });
  }
  for (const value of [null, [], "text", 7]) {
    assert.throws(() => configFromHuggingFace(value, "x"), UsageError);
  }
});
