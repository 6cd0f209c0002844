/**
 * A newcomer's path, timed: the project in a new folder, an empty home, nothing downloaded yet. From `deno task lab` to the first
 * chart in a browser, and from there to a run of a task that was promoted from a changed notebook.
 *
 * Not among the unit tests, since it needs a network, Chromium and minutes: `deno task test:newcomer`.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { codeCells, readNotebook, writeNotebook } from "../../lib/pipeline/notebook.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";
import { runProcess } from "../../lib/pipeline/subprocess.ts";
import { exists } from "../../lib/core/artefacts.ts";
import { inDirectory } from "../core/temporary.ts";
import { picture, startBrowser } from "./chromium.ts";
import { openNotebook, runAllCells } from "./jupyter_page.ts";

const CHART_SECONDS = 120, TASK_SECONDS = 600;
const PORT = 8897;

/** How this machine reaches its package registries, which a new home has not to lose. */
const REGISTRIES = [".npmrc", ".config/pip/pip.conf"];

/** The working tree as a clone of it would be, with its first notebook not run yet, beside an empty home. */
async function freshClone(folder: string): Promise<{ root: string; home: string }> {
  const root = join(folder, "project"), home = join(folder, "home");
  const listed = await runProcess("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: projectRoot,
  });
  const copies = (listed?.stdout.split("\0") ?? []).map((
    path,
  ) => [join(projectRoot, path), join(root, path)]);
  const own = Deno.env.get("HOME") ?? "";
  copies.push(...REGISTRIES.map((path) => [join(own, path), join(home, path)]));
  await Deno.mkdir(home, { recursive: true });
  for (const [from = "", to = ""] of copies) {
    if (from.endsWith("/") || !await exists(from)) continue;
    await Deno.mkdir(dirname(to), { recursive: true });
    await Deno.copyFile(from, to);
  }
  const path = join(root, "notebooks", "01_corpus.ipynb");
  const notebook = await readNotebook(path);
  for (const cell of codeCells(notebook)) cell.outputs.length = 0;
  await writeNotebook(path, notebook);
  return { root, home };
}

Deno.test("a newcomer sees a first chart within two minutes, and runs a task of their own within ten", () =>
  inDirectory(async (folder) => {
    const { root, home } = await freshClone(folder);
    const env = { HOME: home, NO_COLOR: "1" };
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    const say = (what: string) => console.error(`${seconds().toFixed(0)} s: ${what}`);
    const run = async (command: string, ...args: string[]) => {
      const result = await runProcess(command, args, { cwd: root, env, seconds: TASK_SECONDS });
      assert.ok(result !== null);
      return result;
    };

    // Without JupyterLab, the task says the one command that installs it.
    const refused = await run(Deno.execPath(), "task", "lab", "--no-browser", `--port=${PORT}`);
    const [, install = ""] = /This installs it: (.+)$/m.exec(refused.output) ?? [];
    say(`deno task lab says: ${install}`);
    assert.equal((await run("sh", "-c", install)).code, 0);
    say("JupyterLab is installed");

    const closing = new AbortController();
    const { promise: address, resolve } = Promise.withResolvers<string>();
    const lab = runProcess(Deno.execPath(), ["task", "lab", "--no-browser", `--port=${PORT}`], {
      cwd: root,
      env,
      signal: closing.signal,
      onLine: (line) => {
        const [found] = /http:\/\/\S+\?token=\w+/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      },
    });
    const browser = await startBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      const ended = lab.then((result) => assert.fail(`JupyterLab ended:\n${result?.output}`));
      await openNotebook(page, await Promise.race([address, ended]));
      await runAllCells(page);
      await page.locator(".jp-OutputArea .vega-embed svg").first().waitFor({ timeout: CHART_SECONDS * 1000 });
      await picture(page, "newcomer_chart", false);
    } finally {
      await browser.close();
      closing.abort();
      await lab.catch((error) => assert.equal(error, closing.signal.reason));
    }
    const chart = seconds();
    say("the first chart is drawn");

    const path = join(root, "notebooks", "02_curation.ipynb");
    const notebook = await readNotebook(path);
    const parameters = codeCells(notebook).find((cell) => cell.metadata.tags?.includes("parameters"));
    assert.ok(parameters !== undefined && parameters.source.includes("inputPrice = 0;"));
    parameters.source = parameters.source.replace("inputPrice = 0;", "inputPrice = 0.25;");
    await writeNotebook(path, notebook);
    assert.match(
      (await run(Deno.execPath(), "task", "promote", "02_curation")).output,
      /^tasks\/curate\.ts$/m,
    );
    assert.match((await run(Deno.execPath(), "task", "curate", "--help")).stdout, /default: 0\.25/);
    const curated = await run(Deno.execPath(), "task", "curate", "--run", "mine");
    assert.equal(curated.code, 0, curated.output);
    assert.ok(await exists(join(root, "runs", "mine", "curation", "manifest.json")));
    const task = seconds();
    say("the promoted task has run");
    assert.ok(chart <= CHART_SECONDS, `the first chart took ${chart.toFixed(0)} s`);
    assert.ok(task <= TASK_SECONDS, `the promoted task took ${task.toFixed(0)} s`);
  }));
