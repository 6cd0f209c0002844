import assert from "node:assert/strict";
import { AppendLog } from "../../lib/curation/append_log.ts";
import { inDirectory } from "../core/temporary.ts";

async function reopen(path: string, header: unknown): Promise<readonly unknown[]> {
  return await Array.fromAsync((await AppendLog.open(path, header)).entries());
}

Deno.test("AppendLog gives back what was appended, also after a crash in the middle of a line", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/new/log.jsonl`;
    const log = await AppendLog.open<{ id: string }>(path, { of: "a" });
    assert.deepEqual(await Array.fromAsync(log.entries()), []);
    log.append([{ id: "é" }, { id: "2" }]);
    log.append([]);
    log.append([{ id: "3" }]);
    await Deno.writeTextFile(path, '{"id": "4', { append: true });
    assert.deepEqual(await reopen(path, { of: "a" }), [{ id: "é" }, { id: "2" }, { id: "3" }]);
    // The half line is gone, so that the next entry does not go on from it.
    assert.ok((await Deno.readTextFile(path)).endsWith('{"id":"3"}\n'));
    await Deno.writeTextFile(path, '{"of');
    assert.deepEqual(await reopen(path, { of: "a" }), []);
  }));

Deno.test("AppendLog begins a log of something else anew", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/log.jsonl`;
    const log = await AppendLog.open(path, { of: "a" });
    log.append([1]);
    await log.sync();
    assert.deepEqual(await reopen(path, { of: "b" }), []);
    assert.equal(await Deno.readTextFile(path), '{"of":"b"}\n');
  }));

Deno.test("AppendLog drops half a line however long it is", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/log.jsonl`;
    (await AppendLog.open<string>(path, "header")).append(["x".repeat(200_000), "y"]);
    await Deno.writeTextFile(path, '"' + "z".repeat(150_000), { append: true });
    assert.deepEqual((await reopen(path, "header")).map((entry) => String(entry).length), [200_000, 1]);
  }));

Deno.test("belongsTo() knows a log by its first line", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/log.jsonl`;
    assert.equal(await AppendLog.belongsTo(path, { a: 1, b: 2 }), false);
    await AppendLog.open(path, { b: 2, a: 1 });
    assert.equal(await AppendLog.belongsTo(path, { a: 1, b: 2 }), true);
    assert.equal(await AppendLog.belongsTo(path, { a: 1 }), false);
    await Deno.writeTextFile(path, "");
    assert.equal(await AppendLog.belongsTo(path, { a: 1 }), false);
  }));

Deno.test("AppendLog.sort() orders the entries and keeps the header first", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/log.jsonl`;
    const log = await AppendLog.open<{ id: string }>(path, { of: "a" });
    log.append([{ id: "c" }, { id: "a" }, { id: "b" }]);
    await log.sort(({ id }) => id);
    assert.equal(await Deno.readTextFile(path), '{"of":"a"}\n{"id":"a"}\n{"id":"b"}\n{"id":"c"}\n');
    log.append([{ id: "0" }]);
    assert.deepEqual((await reopen(path, { of: "a" })).at(-1), { id: "0" });
  }));
