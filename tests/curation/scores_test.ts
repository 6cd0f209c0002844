import assert from "node:assert/strict";
import { openCatalog } from "../../lib/catalog/catalog.ts";
import type { Scorer } from "../../lib/curation/scorer.ts";
import { insertScores, readScores, scorerOf, scoreShard } from "../../lib/curation/scores.ts";
import type { Document } from "../../lib/sources/document.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { documentOf, streamOf } from "./documents.ts";

const TEXTS = Array.from({ length: 50 }, (_, i) => "x".repeat(i));

/** Scores a text by its length, and remembers which documents it saw. */
function lengthScorer(
  seen: string[],
  of: (document: Document) => number | null = ({ text }) => text.length,
  provenance = "version 1",
): Scorer {
  return {
    name: "length",
    provenance,
    batchSize: 8,
    noScore: "finds no characters",
    score(documents) {
      seen.push(...documents.map(({ id }) => id));
      return Promise.resolve(documents.map(of));
    },
  };
}

Deno.test("scoreShard() writes a table of scores that the catalogue takes", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/length/own.jsonl`;
    const seen: string[] = [];
    const result = await scoreShard(
      streamOf([...TEXTS, TEXTS[3]!]),
      lengthScorer(seen, ({ text }) => text.length || null),
      path,
    );
    assert.deepEqual([result.scored, result.unscored, result.reused], [49, 1, 0]);
    assert.equal(seen.length, 50, "a text that comes twice is scored once");
    assert.deepEqual(await names(`${directory}/length`), ["own.jsonl"]);
    await using catalog = await openCatalog();
    assert.equal(await insertScores(catalog, path), 49);
    const rows = await catalog.query("SELECT * FROM scores WHERE id = ?", [documentOf("xx").id]);
    assert.deepEqual(rows.objects(), [
      { id: documentOf("xx").id, scorer: "length", score: 2, provenance: "version 1" },
    ]);
  }));

Deno.test("scoreShard() goes on after an interruption and ends with the same file", () =>
  inDirectory(async (directory) => {
    await scoreShard(streamOf(TEXTS), lengthScorer([]), `${directory}/whole`);
    const seen: string[] = [];
    const controller = new AbortController();
    const interrupted = lengthScorer(seen, ({ text }) => {
      if (text.length === 30) controller.abort(new Error("stop"));
      return text.length;
    });
    await assert.rejects(
      scoreShard(streamOf(TEXTS), interrupted, `${directory}/own`, { signal: controller.signal }),
      /stop/,
    );
    const first = seen.length;
    assert.ok(first > 30 && first < 50);
    await Deno.writeTextFile(`${directory}/own.partial`, '{"id":"cut sho', { append: true });
    const result = await scoreShard(streamOf(TEXTS), lengthScorer(seen), `${directory}/own`);
    assert.equal(result.reused, first);
    assert.deepEqual(new Set(seen).size, seen.length, "nothing is scored twice");
    assert.equal(await Deno.readTextFile(`${directory}/own`), await Deno.readTextFile(`${directory}/whole`));
  }));

Deno.test("scoreShard() does finished work again for another provenance, and new documents alone for the same", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/own`;
    await scoreShard(streamOf(TEXTS), lengthScorer([]), path);
    const again: string[] = [];
    assert.equal((await scoreShard(streamOf([...TEXTS, "new"]), lengthScorer(again), path)).reused, 50);
    assert.deepEqual(again, [documentOf("new").id]);
    const other = lengthScorer([], ({ text }) => -text.length, "version 2");
    assert.equal((await scoreShard(streamOf(TEXTS), other, path)).reused, 0);
    const rows = await Array.fromAsync(readScores(path));
    assert.deepEqual([rows.length, rows[2]?.score, rows[2]?.provenance], [50, -2, "version 2"]);
  }));

Deno.test("scoreShard() lets a part of a shard be without scores; scorerOf() says whose the file is", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/part`;
    const none = lengthScorer([], () => null);
    assert.equal((await scoreShard(streamOf(["a"]), none, path, { part: true })).unscored, 1);
    assert.deepEqual(await scorerOf(path), { name: "length", provenance: "version 1" });
    await assert.rejects(scoreShard(streamOf(TEXTS), none, `${directory}/all`, { part: true }), {
      message: /none of the first 24 documents/,
    });
    await Deno.writeTextFile(path, "");
    await assert.rejects(scorerOf(path), { name: "RunError", message: /is empty, expected a first line/ });
  }));

Deno.test("scoreShard() refuses scores that are no numbers, and a scorer that never gives one", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/own`;
    await assert.rejects(scoreShard(streamOf(TEXTS), lengthScorer([], () => NaN), path), {
      name: "RunError",
      message: /^length gave document [0-9a-f]{32} the score NaN, expected a finite number\.$/,
    });
    const seen: string[] = [];
    await assert.rejects(scoreShard(streamOf(TEXTS), lengthScorer(seen, () => null), path), {
      name: "RunError",
      message: "length gave none of the first 24 documents a score: it finds no characters (version 1).",
    });
    assert.equal(seen.length, 24, "it is stopped early");
    await assert.rejects(scoreShard(streamOf(["a"]), lengthScorer([], () => null), `${directory}/one`), {
      name: "RunError",
      message: /none of the first 1 documents/,
    });
    await scoreShard(streamOf([]), lengthScorer([]), `${directory}/empty`);
    assert.deepEqual(await Array.fromAsync(readScores(`${directory}/empty`)), []);
  }));
