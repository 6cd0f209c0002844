import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../../lib/core/errors.ts";
import { torchTeacher } from "../../../lib/launch/torch/teacher.ts";
import { saveModel } from "../../../lib/model/checkpoint.ts";
import { MODEL_SIZES } from "../../../lib/model/config.ts";
import { initialise } from "../../../lib/model/initialise.ts";
import { openModelTeacher } from "../../../lib/train/distillation/model_teacher.ts";
import { cachedTeacher } from "../../../lib/train/distillation/teacher_cache.ts";
import { inDirectory } from "../../core/temporary.ts";
import { openData, SETTINGS, SMALL, writeTraining } from "./comparison.ts";

Deno.test("torchTeacher() takes a model directory or kept logits, and names what torch cannot learn from", () =>
  inDirectory(async (folder) => {
    const config = { ...MODEL_SIZES["140m"], ...SMALL }, { vocabularySize } = config;
    const training = { folder, config, weights: initialise(config, 1), settings: { ...SETTINGS, steps: 2 } };
    await writeTraining(training);
    const data = await openData(training);
    const address = join(folder, "teacher"), kept = join(folder, "kept");
    await saveModel(address, config, initialise(config, 2));
    const wasm = { backend: "wasm", blas: "off", workers: 1, vocabularySize, topK: 4 } as const;
    await using teacher = await cachedTeacher(kept, data, await openModelTeacher(address, wasm));
    assert.equal(teacher.topK, 4);

    const settings = { temperature: 2, direction: "forward", crossEntropyShare: 0.5 } as const;
    const own = { ...settings, address, model: null, topK: null, cache: null };
    assert.equal(await torchTeacher(undefined, data, vocabularySize), null);
    assert.equal(await torchTeacher({ ...own, address: null }, data, vocabularySize), null);
    assert.deepEqual(
      await torchTeacher(own, data, vocabularySize),
      { ...settings, directory: address, cached: false, topK: null },
    );
    // A cache has a k of its own.
    assert.deepEqual(
      await torchTeacher({ ...own, address: kept, topK: 2 }, data, vocabularySize),
      { ...settings, directory: kept, cached: true, topK: 4 },
    );

    const refused: [Parameters<typeof torchTeacher>[0], RegExp][] = [
      [{ ...own, address: "http://localhost:8000/v1" }, /is the server http:.*torch asks no servers/],
      [{ ...own, cache: kept }, /midtrain\.teacher\.cache is .*kept, expected null/],
      [{ ...own, topK: 4, direction: "reverse" }, /direction is "reverse".*topK is 4/],
      [{ ...own, address: kept, direction: "reverse" }, /direction is "reverse".*topK is 4/],
      [{ ...own, address: folder }, /config\.json/],
    ];
    for (const [teacher, message] of refused) {
      await assert.rejects(
        torchTeacher(teacher, data, vocabularySize),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    }
    await assert.rejects(torchTeacher(own, data, 99), /vocabulary of 512 tokens, the student one of 99/);
  }));
