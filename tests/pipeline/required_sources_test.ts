import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../lib/core/errors.ts";
import { requireSources } from "../../lib/pipeline/required_sources.ts";
import { sourceSpec } from "../../lib/sources/spec.ts";
import { inDirectory } from "../core/temporary.ts";

Deno.test("requireSources() names all that are missing and where they were expected", () =>
  inDirectory(async (folder) => {
    const source = (name: string, path: string) => ({ name, reader: { kind: "directory", path } as const });
    const [here, there] = [source("here", folder), source("there", join(folder, "there"))];
    await requireSources([here, await sourceSpec("three")]);
    await assert.rejects(
      requireSources([here, there, source("far", join(folder, "far"))]),
      (error) =>
        error instanceof UsageError &&
        /^Not on this machine: "there" at .*there, "far" at .*far; /.test(error.message),
    );
  }));
