import assert from "node:assert/strict";
import { ARC_CHALLENGE } from "../../lib/benchmarks/arc.ts";
import { GSM8K } from "../../lib/benchmarks/gsm8k.ts";
import { readItems } from "../../lib/benchmarks/read.ts";
import { benchmarkContamination } from "../../lib/eval/contamination.ts";
import type { Document } from "../../lib/sources/document.ts";
import { HUB } from "../benchmarks/fixtures.ts";

Deno.test("benchmarkContamination() reports by benchmark which questions a corpus has", async () => {
  const benchmarks = [
    { name: "gsm8k", items: await readItems(GSM8K, HUB) },
    { name: "arc_challenge", items: await readItems(ARC_CHALLENGE, HUB) },
  ];
  async function* documents(): AsyncGenerator<Document> {
    const text = "We asked: ina has 3 pens, and buys 4; how many has she? Nobody knew.";
    yield { id: "1", source: "web", text, licence: "none", metadata: {} };
    yield { id: "2", source: "web", text: "Something else.", licence: "none", metadata: {} };
  }
  const { benchmarks: found, documents: looked } = await benchmarkContamination(benchmarks, documents());
  assert.equal(looked, 2);
  assert.deepEqual(found.map(({ benchmark, items, found }) => [benchmark, items, found]), [
    ["gsm8k", 2, 1],
    ["arc_challenge", 1, 0],
  ]);
});
