import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../lib/core/artefacts.ts";
import { denoKernelSpec, projectRoot } from "../../lib/pipeline/setup.ts";
import { runProcess } from "../../lib/pipeline/subprocess.ts";

Deno.test("denoKernelSpec() registers the Deno that runs now", () => {
  assert.deepEqual(denoKernelSpec(), {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  });
});

Deno.test("prepareJupyter() says what is missing without Python, and leaves nothing behind", async () => {
  const root = await Deno.makeTempDir();
  try {
    const module = new URL("../../lib/pipeline/setup.ts", import.meta.url).href;
    const code =
      `import { prepareJupyter } from "${module}"; console.log(JSON.stringify(await prepareJupyter(${
        JSON.stringify(root)
      })));`;
    const result = await runProcess(Deno.execPath(), ["run", "-A", "--quiet", "-"], {
      cwd: projectRoot,
      env: { PATH: root },
      input: code,
    });
    const { reason, command } = JSON.parse(result?.stdout ?? "");
    assert.match(reason, /python3/);
    assert.match(command, /apt-get install -y python3/);
    assert.equal(await exists(join(root, ".venv")), false);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
