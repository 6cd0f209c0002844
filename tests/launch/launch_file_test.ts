import assert from "node:assert/strict";
import { join } from "node:path";
import { loadLaunchFile } from "../../lib/launch/launch_file.ts";
import { inDirectory } from "../core/temporary.ts";

const SMALLEST = {
  endpoint: "unix:/run/slurmrestd.socket",
  partition: "main",
  ranks: 8,
  data: { processors: 1, minutes: 60 },
  task: { nodes: 4, processors: 16, gpus: 8, minutes: 600 },
};

Deno.test("loadLaunchFile() fills in what a small cluster needs not say", () =>
  inDirectory(async (folder) => {
    const path = join(folder, "launch.json");
    await Deno.writeTextFile(path, JSON.stringify(SMALLEST));
    assert.deepEqual(await loadLaunchFile(path), {
      ...SMALLEST,
      version: "v0.0.38",
      account: null,
      environment: { PATH: "/usr/local/bin:/usr/bin:/bin" },
      prelude: [],
      data: { nodes: 1, processors: 1, gpus: 0, minutes: 60 },
      prices: { processorHour: 0, gpuHour: 0 },
    });
  }));

for (
  const [change, message] of [
    [{ endpoint: "http://head:6820" }, 'endpoint: must be "unix:/PATH" or "https://HOST:PORT"'],
    [{ version: "v0.0.37" }, 'version: must be "v0.0.38" or later'],
    [{ ranks: 0 }, "ranks: Too small"],
    [{ node: 8 }, 'Unrecognized key: "node"'],
    [{ task: { processors: 1, gpus: -1, minutes: 5 } }, "task.gpus: Too small"],
  ] as const
) {
  Deno.test(`loadLaunchFile() refuses ${JSON.stringify(change)} in one sentence`, () =>
    inDirectory(async (folder) => {
      const path = join(folder, "launch.json");
      await Deno.writeTextFile(path, JSON.stringify({ ...SMALLEST, ...change }));
      await assert.rejects(loadLaunchFile(path), (error: Error) => {
        assert.equal(error.name, "UsageError");
        assert.ok(error.message.startsWith(`${path}: `) && error.message.includes(message), error.message);
        return true;
      });
    }));
}

Deno.test("loadLaunchFile() names a file that is missing or no JSON", () =>
  inDirectory(async (folder) => {
    const path = join(folder, "launch.json");
    await assert.rejects(loadLaunchFile(path), {
      name: "UsageError",
      message: `Launch file ${path} does not exist.`,
    });
    await Deno.writeTextFile(path, "{");
    await assert.rejects(loadLaunchFile(path), { name: "UsageError", message: /is no valid JSON/ });
  }));
