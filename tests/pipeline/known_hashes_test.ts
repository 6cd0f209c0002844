/** Hashes that are kept beside large files. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists, sha256 } from "../../lib/core/artefacts.ts";
import { HASHES_FILE, KnownHashes } from "../../lib/pipeline/known_hashes.ts";
import { inDirectory } from "../core/temporary.ts";

Deno.test("KnownHashes.hash() reads a large file again only where its size or its time of change is another", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "a"), time = new Date(2026, 0, 1);
    const write = async (text: string, changed: Date) => {
      await Deno.writeTextFile(path, text);
      await Deno.utime(path, changed, changed);
    };
    const hash = async () => {
      const hashes = await KnownHashes.open(directory, 4);
      const found = await hashes.hash("a");
      await hashes.save();
      return found;
    };
    await write("first", time);
    assert.deepEqual(await hash(), { sha256: sha256("first"), bytes: 5 });
    // Not read: what changes neither size nor time is not seen.
    await write("other", time);
    assert.equal((await hash()).sha256, sha256("first"));
    await write("other", new Date(2026, 0, 2));
    assert.equal((await hash()).sha256, sha256("other"));
    await write("longer", new Date(2026, 0, 2));
    assert.deepEqual(await hash(), { sha256: sha256("longer"), bytes: 6 });
    await Deno.writeTextFile(join(directory, HASHES_FILE), "{");
    assert.equal((await hash()).sha256, sha256("longer"));
  }));

Deno.test("KnownHashes.hash() reads a small file each time, and keeps nothing of it", () =>
  inDirectory(async (directory) => {
    const path = join(directory, "a"), time = new Date(2026, 0, 1);
    const hashes = await KnownHashes.open(directory);
    for (const text of ["first", "other"]) {
      await Deno.writeTextFile(path, text);
      await Deno.utime(path, time, time);
      assert.equal((await hashes.hash("a")).sha256, sha256(text));
    }
    await hashes.save();
    assert.equal(await exists(join(directory, HASHES_FILE)), false);
  }));
