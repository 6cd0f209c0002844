import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { SafetensorsFile } from "../../lib/core/safetensors.ts";
import { loadModel } from "../../lib/model/checkpoint.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { ELEMENT_TYPES, writeModelDirectory } from "../../lib/model/model_directory.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { FUNCTIONS, SMALL_MODEL } from "../backends/small_model.ts";

Deno.test("writeModelDirectory() cuts any model into files of at most the size, or of one tensor", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...FUNCTIONS),
      fc.constantFrom(...ELEMENT_TYPES),
      fc.integer({ min: 1, max: 30_000 }),
      (chosen, elements, shardBytes) =>
        inDirectory(async (directory) => {
          const config = { ...SMALL_MODEL, ...chosen };
          // bfloat16 and float16 hold these exactly.
          const weights = initialise(config, 1).map((weight) => Math.round(64 * weight) / 64);
          const out = join(directory, "out");
          const beside = { companions: new Map(), tokens: { bos_token_id: null, eos_token_id: null } };
          const written = await writeModelDirectory(out, { config, weights }, beside, {
            elements,
            shardBytes,
          });
          const files = (await names(out)).filter((name) => name.endsWith(".safetensors"));
          assert.equal(files.length, written.shards);
          let bytes = 0;
          for (const file of files) {
            using open = await SafetensorsFile.open(join(out, file));
            const sizes = [...open.tensors.values()].map((tensor) => tensor.bytes);
            const size = sizes.reduce((a, b) => a + b);
            assert.ok(size <= shardBytes || sizes.length === 1);
            bytes += size;
          }
          assert.equal(bytes, written.bytes);
          assert.deepEqual(await loadModel(out), { config, weights });
        }),
    ),
    { numRuns: 40 },
  ));
