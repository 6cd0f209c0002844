import assert from "node:assert/strict";
import { parameterLayout } from "../../lib/model/config.ts";
import { reorderHeads, storedName } from "../../lib/model/hugging_face_tensors.ts";
import { SMALL_MODEL } from "../backends/small_model.ts";

const QWEN3 = { ...SMALL_MODEL, type: "qwen3", queryKeyNorm: "before rope, weighted" } as const;

Deno.test("storedName() calls the feed-forward mlp where transformers does", () => {
  const name = "model.layers.1.feed_forward.up_proj.weight";
  assert.equal(storedName(SMALL_MODEL, name), name);
  assert.equal(storedName(QWEN3, name), "model.layers.1.mlp.up_proj.weight");
  assert.equal(storedName(QWEN3, "lm_head.weight"), "lm_head.weight");
});

Deno.test("reorderHeads() to a file and from it gives back every tensor", () => {
  for (const spec of parameterLayout(QWEN3)) {
    const values = Float32Array.from({ length: spec.size }, (_, i) => i);
    const stored = reorderHeads(QWEN3, spec, values, "to file");
    assert.deepEqual(reorderHeads(QWEN3, spec, stored, "from file"), values);
    const turned = /[qk]_(proj|norm)/.test(spec.name);
    assert.equal(stored.some((value, i) => value !== i), turned, spec.name);
    assert.equal(reorderHeads(SMALL_MODEL, spec, values, "to file"), values);
  }
});

Deno.test("reorderHeads() takes the file's i-th row of a head to 2i, its half to 2i + 1", () => {
  const [, query] = parameterLayout(QWEN3);
  assert.ok(query !== undefined && query.name.endsWith("q_proj.weight"));
  const [rows = 0, width = 0] = query.shape;
  const stored = Float32Array.from({ length: query.size }, (_, i) => Math.floor(i / width));
  const ours = reorderHeads(QWEN3, query, stored, "from file");
  const order = Array.from({ length: rows }, (_, row) => ours[row * width]);
  assert.deepEqual(order.slice(0, 16), [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15]);
});
