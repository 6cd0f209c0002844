import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { loadSourceSpecs, parseSourceSpec, sourceSpec } from "../../lib/sources/spec.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

const valid = {
  name: "notes",
  domain: "other",
  licence: "CC0-1.0",
  description: "",
  reader: { kind: "jsonl", path: "notes.jsonl" },
};

Deno.test("loadSourceSpecs() gives at least 7 sources in 4 domains", async () => {
  const specs = await loadSourceSpecs();
  assert.ok(specs.length >= 7);
  assert.deepEqual(
    new Set(specs.map(({ domain }) => domain)),
    new Set(["code", "math", "knowledge", "mail"]),
  );
});

Deno.test("parseSourceSpec() starts relative paths at the file's folder", () => {
  assert.deepEqual(parseSourceSpec(valid, "/a/b.json").reader, { kind: "jsonl", path: "/a/notes.jsonl" });
  const absolute = { ...valid, reader: { kind: "jsonl", path: "/c/notes.jsonl" } };
  assert.deepEqual(parseSourceSpec(absolute, "/a/b.json").reader, absolute.reader);
});

Deno.test("parseSourceSpec() names the file and the field that is wrong", () => {
  const message = (value: unknown) => {
    try {
      parseSourceSpec(value, "a.json");
    } catch (error) {
      assert.ok(error instanceof UsageError);
      return error.message;
    }
    assert.fail("no error");
  };
  assert.match(message({ ...valid, domain: "poetry" }), /^a\.json: domain: /);
  assert.match(message({ ...valid, limits: { share: 2 } }), /^a\.json: limits\.share: /);
  assert.match(message({ ...valid, reader: { kind: "ftp" } }), /^a\.json: reader\.kind: /);
  assert.match(message({ ...valid, extra: 1 }), /extra/);
  assert.match(message({ ...valid, name: "a/b" }), /^a\.json: name: /);
  assert.match(message({ ...valid, name: "a " }), /^a\.json: name: .*spaces between them/);
});

Deno.test("loadSourceSpecs() rejects an empty folder, broken JSON and a name used twice", async () => {
  await using empty = await temporaryDirectory();
  await assert.rejects(loadSourceSpecs(empty.path), { name: "UsageError", message: /has no source spec/ });
  await using broken = await temporaryDirectory({ "a.json": "{" });
  await assert.rejects(loadSourceSpecs(broken.path), {
    name: "UsageError",
    message: /a\.json is no valid JSON/,
  });
  const text = JSON.stringify(valid);
  await using twice = await temporaryDirectory({ "a.json": text, "b.json": text });
  await assert.rejects(loadSourceSpecs(twice.path), {
    name: "UsageError",
    message: /b\.json: source "notes" is spec/,
  });
  await assert.rejects(loadSourceSpecs("/nowhere"), {
    name: "UsageError",
    message: "/nowhere does not exist.",
  });
});

Deno.test("sourceSpec() finds a source in a folder of data/sources, whose own name may have spaces", async () => {
  const { name, reader } = await sourceSpec("mobilellm-r1/algebraic-stack");
  assert.equal(name, "Algebraic stack");
  assert.ok(reader.kind === "hub" && reader.path.endsWith(`/.cache/datasets/${reader.repository}`));
  assert.deepEqual([reader.repository, reader.revision], ["EleutherAI/proof-pile-2", "main"]);
  await assert.rejects(sourceSpec("mobilellm-r1/nonesuch"), {
    name: "UsageError",
    message: /does not exist/,
  });
});

Deno.test("sourceSpec() lists the known names for an unknown one", async () => {
  assert.equal((await sourceSpec("three")).domain, "code");
  await assert.rejects(sourceSpec("four"), {
    name: "UsageError",
    message: /"four" does not exist, expected a file or one of .*three/,
  });
});
