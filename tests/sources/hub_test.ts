import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { UsageError } from "../../lib/core/errors.ts";
import { hubFiles, type HubFolder } from "../../lib/sources/hub.ts";
import { readConversations } from "../../lib/sources/conversations.ts";
import { readDocuments } from "../../lib/sources/read.ts";
import { parseSourceSpec } from "../../lib/sources/spec.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { COMMIT, type Fault, startHub, type StubHub } from "./stub_hub.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const lines = (...texts: string[]) => texts.map((text) => JSON.stringify({ text }) + "\n").join("");
const LONG = "x".repeat(300_000);
const MESSAGES = [{ role: "user", content: "1 + 1?" }, { role: "assistant", content: "2" }];
const FILES = {
  "chat/d.jsonl": utf8(JSON.stringify({ messages: MESSAGES })),
  "README.md": utf8("a card"),
  "data/b.jsonl": utf8(lines("three", LONG)),
  "data/a.jsonl.gz": new Uint8Array(gzipSync(lines("one", "two"))),
  "other/c.jsonl": utf8(lines("four")),
};

/** Runs a test beside a hub that the environment names. */
function withHub(
  options: { fault?: Fault; token?: string },
  test: (wanted: HubFolder, hub: StubHub) => Promise<void>,
): Promise<void> {
  return inDirectory(async (directory) => {
    await using hub = startHub(FILES, options);
    Deno.env.set("HF_ENDPOINT", `${hub.url}/`);
    try {
      const repository = { type: "dataset", name: "own/set" } as const;
      await test({
        repository,
        revision: "main",
        files: ["data/*.{jsonl,gz}"],
        folder: `${directory}/own/set`,
      }, hub);
    } finally {
      Deno.env.delete("HF_ENDPOINT");
    }
  });
}

function specOf({ folder, files }: HubFolder, limits = {}) {
  const reader = { kind: "hub", repository: "own/set", files, path: folder };
  return parseSourceSpec(
    { name: "own", domain: "other", licence: "MIT", description: "", reader, limits },
    "/own.json",
  );
}

const textsOf = async (...arguments_: Parameters<typeof specOf>) =>
  (await Array.fromAsync(readDocuments(specOf(...arguments_)))).map(({ text }) => text);

const downloads = ({ requests }: StubHub) => requests.filter((request) => request.includes("/resolve/"));

Deno.test("a source of kind hub gives the documents of the files wanted, in order of their paths, and downloads them once", () =>
  withHub({}, async (wanted, hub) => {
    assert.deepEqual(await textsOf(wanted), ["one", "two", "three", LONG]);
    assert.ok(hub.requests.includes("/api/datasets/own/set/revision/main"));
    assert.ok(downloads(hub).every((request) => request.includes(`/resolve/${COMMIT}/data/`)));
    assert.deepEqual(await names(`${wanted.folder}/data`), ["a.jsonl.gz", "b.jsonl"]);
    const before = hub.requests.length;
    assert.equal((await textsOf(wanted)).length, 4);
    assert.equal(hub.requests.length, before, "the second time nobody is asked");
  }));

Deno.test("a source of kind hub downloads no file that its limits do not reach", () =>
  withHub({}, async (wanted, hub) => {
    assert.deepEqual(await textsOf(wanted, { documents: 1 }), ["one"]);
    assert.ok(downloads(hub).every((request) => request.includes("a.jsonl.gz")));
  }));

Deno.test("hubFiles() reads what was put there by hand, without a hub", () =>
  inDirectory(async (folder) => {
    await Deno.mkdir(`${folder}/data`);
    await Deno.writeTextFile(`${folder}/data/mine.jsonl`, lines("mine"));
    const repository = { type: "dataset", name: "own/set" } as const;
    assert.deepEqual(await textsOf({ repository, revision: "main", files: ["data/*"], folder }), ["mine"]);
  }));

Deno.test("hubFiles() sends the token, and says what a gated data set needs", () =>
  withHub({ token: "hf_own" }, async (wanted) => {
    await assert.rejects(
      Array.fromAsync(hubFiles(wanted)),
      (error) =>
        error instanceof UsageError &&
        /^The hub refuses dataset own\/set at main: Access is restricted.* set HF_TOKEN\.$/.test(
          error.message,
        ),
    );
    Deno.env.set("HF_TOKEN", "hf_own");
    try {
      assert.equal((await Array.fromAsync(hubFiles(wanted))).length, 2);
    } finally {
      Deno.env.delete("HF_TOKEN");
    }
  }));

Deno.test("hubFiles() goes on where a download broke off", () => {
  const half: Fault = (path, bytes, before) =>
    path === "data/b.jsonl" && before === 1 ? new Response(bytes.slice(0, bytes.length / 2)) : undefined;
  return withHub({ fault: half }, async (wanted, hub) => {
    assert.deepEqual(await textsOf(wanted), ["one", "two", "three", LONG]);
    const ranges = downloads(hub).filter((request) => /b\.jsonl bytes=[1-9]/.test(request));
    assert.equal(ranges.length, 1, "the rest is asked for by range");
  });
});

Deno.test("hubFiles() begins a file anew whose checksum is wrong, and gives it no name before", () => {
  const altered: Fault = (_path, bytes, before) => before > 0 ? undefined : new Response(bytes.toReversed());
  return withHub({ fault: altered }, async (wanted) => {
    assert.deepEqual(await textsOf(wanted), ["one", "two", "three", LONG]);
    assert.deepEqual(await names(`${wanted.folder}/data`), ["a.jsonl.gz", "b.jsonl"]);
  });
});

Deno.test("hubFiles() refuses a folder of another revision, and globs that match nothing", () =>
  withHub({}, async (wanted) => {
    await Array.fromAsync(hubFiles(wanted));
    assert.equal((await Array.fromAsync(hubFiles({ ...wanted, revision: COMMIT }))).length, 2);
    const refuses = (own: Partial<HubFolder>, message: RegExp) =>
      assert.rejects(
        Array.fromAsync(hubFiles({ ...wanted, ...own })),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    await refuses({ revision: "v2" }, /holds dataset own\/set at main, expected dataset own\/set at v2/);
    await refuses({ files: ["data/*.csv"] }, /^No file of dataset own\/set at c+ matches data\/\*\.csv\.$/);
  }));

Deno.test("hubFiles() downloads a file once where two ask for it at the same time", () =>
  withHub({}, async (wanted, hub) => {
    await Array.fromAsync(hubFiles({ ...wanted, files: ["other/*"] }));
    const before = downloads(hub).length;
    const [first, second] = await Promise.all([1, 2].map(() => Array.fromAsync(hubFiles(wanted))));
    assert.deepEqual(first, second);
    assert.equal(
      downloads(hub).length - before,
      4,
      "one request for the length of each file, one for its bytes",
    );
  }));

Deno.test("hubFiles() stops on the signal", async () => {
  const controller = new AbortController();
  const stop: Fault = () => {
    controller.abort(new Error("stopped"));
    return new Response("busy", { status: 503 });
  };
  await withHub({ fault: stop }, async (wanted) => {
    await assert.rejects(Array.fromAsync(hubFiles(wanted, controller.signal)), /stopped/);
  });
});

Deno.test("readConversations() reads a published set from the hub", () =>
  withHub({}, async (wanted) => {
    const [conversation] = await Array.fromAsync(readConversations(specOf({ ...wanted, files: ["chat/*"] })));
    assert.deepEqual(conversation?.messages, MESSAGES);
  }));
