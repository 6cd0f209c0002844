import assert from "node:assert/strict";
import { join } from "node:path";
import { RunError, UsageError } from "../../../lib/core/errors.ts";
import {
  cachedTeacher,
  openTeacherCache,
  TEACHER_CACHE_FILE,
} from "../../../lib/train/distillation/teacher_cache.ts";
import { inDirectory, names } from "../../core/temporary.ts";
import { countingTeacher, dataOf, SIGNAL } from "./teachers.ts";

function fails(promise: Promise<unknown>, kind: typeof UsageError | typeof RunError, message: RegExp) {
  return assert.rejects(promise, (error) => error instanceof kind && message.test(error.message));
}

Deno.test("cachedTeacher() asks once for each step, and gives the same bits ever after, with and without its teacher", () =>
  inDirectory(async (directory) => {
    const data = dataOf(1), source = countingTeacher(5);
    const first = await cachedTeacher(directory, data, source);
    const computed = [
      await first.logits(data.batch(0), 0, SIGNAL),
      await first.logits(data.batch(3), 3, SIGNAL),
    ];
    assert.equal(source.asked, 2);
    const again = await cachedTeacher(directory, data, source);
    const alone = await openTeacherCache(directory, data, 37);
    for (const teacher of [first, again, alone]) {
      assert.deepEqual(await teacher.logits(data.batch(0), 0, SIGNAL), computed[0]);
      assert.deepEqual(await teacher.logits(data.batch(3), 3, SIGNAL), computed[1]);
    }
    assert.equal(source.asked, 2);
    assert.deepEqual(await names(directory), [
      "step-00000000.safetensors",
      "step-00000003.safetensors",
      TEACHER_CACHE_FILE,
    ]);
    await fails(alone.logits(data.batch(4), 4, SIGNAL), RunError, /no logits of step 4/);
    const { logits } = computed[0]!;
    assert.equal(logits[0], 0);
    assert.ok(Math.abs((logits[4] as number) + 0.4) < 1e-3);
  }));

Deno.test("cachedTeacher() refuses another teacher, other data, another k, and all logits", () =>
  inDirectory(async (directory) => {
    const data = dataOf(1);
    await cachedTeacher(directory, data, countingTeacher(5));
    await fails(cachedTeacher(directory, data, countingTeacher(5, "other")), UsageError, /another teacher/);
    await fails(
      cachedTeacher(directory, dataOf(2), countingTeacher(5)),
      UsageError,
      /another data|other data/,
    );
    await fails(
      cachedTeacher(directory, data, countingTeacher(6)),
      UsageError,
      /another topK: 5, expected 6/,
    );
    await fails(
      cachedTeacher(directory, data, countingTeacher(null)),
      UsageError,
      /expected a number as topK/,
    );
    await fails(openTeacherCache(directory, dataOf(2), 37), UsageError, /other data/);
    await fails(
      openTeacherCache(directory, data, 64),
      UsageError,
      /vocabulary of 37 tokens, the student one of 64/,
    );
    await fails(openTeacherCache(join(directory, "none"), data, 37), UsageError, /does not exist/);
  }));

Deno.test("cachedTeacher() names a file that is damaged or of another cache", () =>
  inDirectory(async (directory) => {
    const data = dataOf(1);
    const teacher = await cachedTeacher(directory, data, countingTeacher(5));
    await teacher.logits(data.batch(0), 0, SIGNAL);
    const path = join(directory, "step-00000000.safetensors");
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.subarray(0, bytes.length - 3));
    await fails(teacher.logits(data.batch(0), 0, SIGNAL), UsageError, /step-00000000.*no valid safetensors/);
    await inDirectory(async (other) => {
      const stranger = await cachedTeacher(other, dataOf(2), countingTeacher(5));
      await stranger.logits(data.batch(0), 0, SIGNAL);
      await Deno.copyFile(join(other, "step-00000000.safetensors"), path);
    });
    await fails(
      teacher.logits(data.batch(0), 0, SIGNAL),
      UsageError,
      /step-00000000.*another teacher or other data/,
    );
    await Deno.writeTextFile(join(directory, TEACHER_CACHE_FILE), "{");
    await fails(cachedTeacher(directory, data, countingTeacher(5)), UsageError, /no valid JSON/);
  }));
