import assert from "node:assert/strict";
import { join } from "node:path";
import { SafetensorsFile, type TensorData, writeSafetensors } from "../../lib/core/safetensors.ts";
import { UsageError } from "../../lib/core/errors.ts";
import { saveModel } from "../../lib/model/checkpoint.ts";
import type { ModelConfig } from "../../lib/model/config.ts";
import { initialise } from "../../lib/model/initialise.ts";
import { quantiseModel } from "../../lib/model/quantise.ts";
import {
  loadAnyModel,
  loadQuantisedModel,
  QUANTISED_FILE,
  saveQuantisedModel,
} from "../../lib/model/quantised_checkpoint.ts";
import { FUNCTIONS, SMALL_MODEL } from "../backends/small_model.ts";
import { inDirectory } from "../core/temporary.ts";

const SETTINGS = { group: 8, embeddingGroup: 4, activationBits: 8 } as const;

function packed(change: Partial<ModelConfig> = {}, activationBits: 8 | 0 = 8) {
  const config = { ...SMALL_MODEL, ...change };
  return quantiseModel({ config, weights: initialise(config, 1) }, { ...SETTINGS, activationBits });
}

Deno.test("loadQuantisedModel() gives what was saved, of every type", () =>
  inDirectory(async (directory) => {
    for (const [i, chosen] of FUNCTIONS.entries()) {
      const model = packed({ ...chosen, tiedEmbeddings: i % 2 === 0 }, i % 2 === 0 ? 8 : 0);
      const bytes = await saveQuantisedModel(directory, model);
      const { config, ...loaded } = await loadQuantisedModel(directory);
      assert.deepEqual(loaded, {
        matrices: model.matrices,
        norms: model.norms,
        activationBits: model.activationBits,
      });
      assert.equal(config.type, chosen.type);
      assert.deepEqual(config.ropeScaling, chosen.ropeScaling);
      const { size } = await Deno.stat(join(directory, QUANTISED_FILE));
      assert.ok(size > bytes && size < bytes + 10000);
    }
  }));

Deno.test("loadAnyModel() prefers a packed model to a whole one", () =>
  inDirectory(async (directory) => {
    await saveModel(directory, SMALL_MODEL, initialise(SMALL_MODEL, 1));
    assert.ok("weights" in await loadAnyModel(directory));
    await saveQuantisedModel(directory, packed());
    assert.ok("matrices" in await loadAnyModel(directory));
  }));

Deno.test("saveQuantisedModel() writes equal bytes twice", () =>
  inDirectory(async (directory) => {
    const path = join(directory, QUANTISED_FILE);
    await saveQuantisedModel(directory, packed());
    const first = await Deno.readFile(path);
    await saveQuantisedModel(directory, packed());
    assert.deepEqual(await Deno.readFile(path), first);
  }));

Deno.test("loadQuantisedModel() refuses files that are not what they say", () =>
  inDirectory(async (directory) => {
    const path = join(directory, QUANTISED_FILE);
    await saveQuantisedModel(directory, packed());
    const tensors = new Map<string, TensorData>();
    const metadata: Record<string, string> = {};
    {
      using file = await SafetensorsFile.open(path);
      Object.assign(metadata, file.metadata);
      for (const [name, { dtype, shape }] of file.tensors) {
        tensors.set(name, { dtype, shape, data: await file.readBytes(name) });
      }
    }
    const refuses = async (
      message: RegExp,
      changes: { tensors?: Record<string, TensorData | undefined>; metadata?: Record<string, string> },
    ) => {
      const changed = new Map(tensors);
      for (const [name, data] of Object.entries(changes.tensors ?? {})) {
        if (data === undefined) changed.delete(name);
        else changed.set(name, data);
      }
      await writeSafetensors(path, changed, { ...metadata, ...changes.metadata });
      await assert.rejects(
        loadQuantisedModel(directory),
        (error) =>
          error instanceof UsageError && error.message.includes(QUANTISED_FILE) &&
          message.test(error.message),
      );
    };
    const embedding = "model.embed_tokens.weight";
    const floats = (count: number, value: number): TensorData => ({
      dtype: "F16",
      shape: [37, count / 37],
      data: new Float16Array(count).fill(value),
    });
    await refuses(/format is "else", expected "4-bit groups"/, { metadata: { format: "else" } });
    await refuses(/activation_bits is "4"/, { metadata: { activation_bits: "4" } });
    await refuses(/its config is no valid JSON/, { metadata: { config: "{" } });
    await refuses(/model_type/, { metadata: { config: "{}" } });
    await refuses(/has no tensor "model.norm.weight"/, { tensors: { "model.norm.weight": undefined } });
    await refuses(/has no tensor "model.embed_tokens.weight.scales"/, {
      tensors: { [`${embedding}.scales`]: undefined },
    });
    await refuses(/tensor "other" is not part/, { tensors: { other: floats(37, 1) } });
    await refuses(/is U8 \[37,4\], its config wants U8 \[37,8\]/, {
      tensors: { [`${embedding}.packed`]: { dtype: "U8", shape: [37, 4], data: new Uint8Array(37 * 4) } },
    });
    await refuses(/has 3 groups, which do not cut 16 columns evenly/, {
      tensors: { [`${embedding}.scales`]: floats(37 * 3, 1) },
    });
    await refuses(/has a scale of -1, expected finite/, {
      tensors: { [`${embedding}.scales`]: floats(37 * 4, -1) },
    });
    await refuses(/has a scale of Infinity/, {
      tensors: { [`${embedding}.scales`]: floats(37 * 4, Infinity) },
    });
  }));
