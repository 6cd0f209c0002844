import assert from "node:assert/strict";
import { join } from "node:path";
import { debianDirectory } from "../../lib/sources/debian.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

/** Runs with other programs on the PATH: stand-ins for apt and dpkg, so that no network is asked. */
async function withPrograms(programs: Record<string, string>, run: () => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory(programs);
  for (const name of Object.keys(programs)) await Deno.chmod(join(directory.path, name), 0o755);
  const path = Deno.env.get("PATH") ?? "";
  Deno.env.set("PATH", directory.path);
  try {
    await run();
  } finally {
    Deno.env.set("PATH", path);
  }
}

Deno.test("debianDirectory() downloads and unpacks once", async () => {
  await using cache = await temporaryDirectory();
  const programs = {
    "apt-get": '#!/bin/sh\necho "$@" > hello_1_all.deb\n',
    // The real one unpacks; this one keeps what it was asked.
    "dpkg": '#!/bin/sh\n/bin/mkdir "$3" && echo "$1 $2" > "$3/asked.txt"\n',
  };
  await withPrograms(programs, async () => {
    const directory = await debianDirectory("hello", cache.path);
    assert.equal(directory, join(cache.path, "hello"));
    assert.equal(await Deno.readTextFile(join(directory, "asked.txt")), "-x hello_1_all.deb\n");
  });
  await withPrograms({}, async () => {
    assert.equal(await debianDirectory("hello", cache.path), join(cache.path, "hello"));
  });
});

Deno.test("debianDirectory() says that apt is missing or fails, and leaves nothing", async () => {
  await using cache = await temporaryDirectory();
  await withPrograms({}, () =>
    assert.rejects(debianDirectory("hello", cache.path), {
      name: "UsageError",
      message: /apt-get is not on this system/,
    }));
  await withPrograms(
    { "apt-get": "#!/bin/sh\necho E: no such package >&2; exit 100\n" },
    () =>
      assert.rejects(debianDirectory("hello", cache.path), {
        name: "UsageError",
        message: "apt-get download hello failed: E: no such package",
      }),
  );
  assert.deepEqual(await Array.fromAsync(Deno.readDir(cache.path)), []);
});
