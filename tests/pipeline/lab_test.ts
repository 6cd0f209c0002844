import assert from "node:assert/strict";
import { join } from "node:path";
import { RunError } from "../../lib/core/errors.ts";
import { jupyterEnvironment, type Lab, runLab } from "../../lib/pipeline/lab.ts";

/** Stands for JupyterLab: writes its arguments and its environment, then ends with a code or waits. */
function stub(file: string, code: number | null): Lab {
  const program = `Deno.writeTextFileSync(${
    JSON.stringify(file)
  }, JSON.stringify({ flags: Deno.args, data: Deno.env.get("JUPYTER_DATA_DIR") }));
${code === null ? "await new Promise(() => setInterval(() => {}, 1000));" : `Deno.exit(${code});`}`;
  return {
    command: Deno.execPath(),
    arguments: ["eval", program, "--"],
    environment: jupyterEnvironment("/p/.venv/bin/python"),
  };
}

const OPTIONS = { path: "notebooks/01_corpus.ipynb", port: 8890, browser: false };

Deno.test("runLab() opens a notebook, with kernels and connection files inside the project", async () => {
  const root = await Deno.makeTempDir();
  try {
    const file = join(root, "said.json");
    await runLab(stub(file, 0), root, { ...OPTIONS, signal: new AbortController().signal });
    const { flags, data } = JSON.parse(await Deno.readTextFile(file));
    assert.ok(flags.includes("--LabApp.default_url=/lab/tree/notebooks/01_corpus.ipynb"));
    assert.ok(flags.includes("--port=8890") && flags.includes("--no-browser"));
    assert.equal(data, "/p/.venv/share/jupyter");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("runLab() says that it ended with a failure, and ends when asked to", async () => {
  const root = await Deno.makeTempDir();
  try {
    const file = join(root, "said.json");
    await assert.rejects(
      runLab(stub(file, 3), root, { ...OPTIONS, signal: new AbortController().signal }),
      new RunError("JupyterLab ended with code 3."),
    );
    await Deno.remove(file);
    const controller = new AbortController();
    const running = runLab(stub(file, null), root, { ...OPTIONS, signal: controller.signal });
    while (!await Deno.stat(file).catch(() => null)) await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    await running;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
