import assert from "node:assert/strict";
import { UsageError } from "../../../lib/core/errors.ts";
import { openTokenizer } from "../../../lib/tokenizer/tokenizer.ts";
import { openTeacher, type TeacherOptions } from "../../../lib/train/distillation/open_teacher.ts";
import { teacherIdentity } from "../../../lib/train/distillation/teacher_identity.ts";
import { inDirectory } from "../../core/temporary.ts";
import { batchOf, dataOf, SIGNAL, writeModel } from "./teachers.ts";

const OPTIONS: TeacherOptions = {
  ...{ backend: "wasm", blas: "off", workers: 1, model: null, topK: 4 } as const,
  tokenizer: await openTokenizer("llama3-512"),
  data: dataOf(1),
  cacheDirectory: null,
};

Deno.test("openTeacher() opens a model, keeps its logits, and opens what was kept", () =>
  inDirectory(async (directory) => {
    await writeModel(`${directory}/model`, { vocabularySize: 512 });
    await using model = await openTeacher(`${directory}/model`, {
      ...OPTIONS,
      cacheDirectory: `${directory}/cache`,
    });
    const said = await model.logits(batchOf(1), 1, SIGNAL);
    await using cache = await openTeacher(`${directory}/cache`, OPTIONS);
    assert.deepEqual(await cache.logits(batchOf(1), 1, SIGNAL), said);
    assert.equal(cache.name, model.name);
  }));

Deno.test("openTeacher() says what an address lacks", async () => {
  const refused = (address: string, options: Partial<TeacherOptions>, message: RegExp) =>
    assert.rejects(
      openTeacher(address, { ...OPTIONS, ...options }),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  await refused("http://127.0.0.1:1/v1", {}, /no model of it is named/);
  await refused("http://127.0.0.1:1/v1", { model: "m", topK: null }, /expected a number as topK/);
  await refused("./nonesuch", {}, /nonesuch.*does not exist/);
});

Deno.test("teacherIdentity() changes with the weights, and names what is neither model nor cache", () =>
  inDirectory(async (directory) => {
    await writeModel(directory);
    const before = await teacherIdentity(directory, null);
    assert.equal(await teacherIdentity(directory, null), before);
    await writeModel(directory, { initializerRange: 0.3 });
    assert.notEqual(await teacherIdentity(directory, null), before);
    assert.equal(await teacherIdentity("http://here/v1", "m"), "m at http://here/v1");
    await assert.rejects(teacherIdentity(`${directory}/none`, null), UsageError);
  }));
