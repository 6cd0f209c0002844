import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel } from "../../lib/model/checkpoint.ts";
import { inDirectory, names } from "../core/temporary.ts";
import { startHub } from "../sources/stub_hub.ts";

const MODEL = fileURLToPath(new URL("../fixtures/model/qwen3_untied", import.meta.url));
const TASK = fileURLToPath(new URL("../../tasks/import.ts", import.meta.url));

Deno.test("import --hub downloads a model of the hub, and imports it", () =>
  inDirectory(async (directory) => {
    const files: Record<string, Uint8Array<ArrayBuffer>> = { "README.md": new Uint8Array(3) };
    for (const name of await names(MODEL)) files[name] = await Deno.readFile(join(MODEL, name));
    await using hub = startHub(files);
    const [source, out] = [join(directory, "own/set"), join(directory, "out")];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", "--no-check", TASK, source, "--hub", "own/set", "--out", out],
      env: { HF_ENDPOINT: hub.url },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.deepEqual(await loadModel(out), await loadModel(MODEL));
    assert.ok(hub.requests.includes("/api/models/own/set/revision/main"));
    assert.ok(!(await names(source)).includes("README.md"), "only what an import reads");
  }));
