/**
 * JupyterLab in a real browser: it opens the notebook of mixtures, runs it, and its explorer answers to its sliders.
 *
 * Not among the unit tests, since it needs JupyterLab and Chromium: `deno task test:browser`.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { findLab } from "../../lib/pipeline/lab.ts";
import { TEST_FLAGS } from "../../lib/pipeline/notebook_check.ts";
import { NOTEBOOK_FLAGS } from "../../lib/pipeline/notebook_task.ts";
import { projectRoot } from "../../lib/pipeline/setup.ts";
import { picture, startBrowser } from "./chromium.ts";
import { openNotebook, runAllCells } from "./jupyter_page.ts";

const PORT = 8899;
const TOKEN = "test";

/** Stages of the small run, on a machine that others use too. */
const RUN_MS = 300_000;

/** A JupyterLab that ends with its test. */
async function startLab() {
  const lab = await findLab(projectRoot);
  assert.ok("command" in lab && "environment" in lab, `JupyterLab is missing: ${JSON.stringify(lab)}`);
  const child = new Deno.Command(lab.command, {
    args: [
      ...lab.arguments,
      ...["--no-browser", "--allow-root", `--port=${PORT}`, `--IdentityProvider.token=${TOKEN}`],
      `--ServerApp.root_dir=${projectRoot}`,
    ],
    cwd: projectRoot,
    env: { ...lab.environment, [NOTEBOOK_FLAGS]: TEST_FLAGS },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const address = `http://127.0.0.1:${PORT}`;
  for (let attempt = 0;; attempt++) {
    const answer = await fetch(`${address}/api`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok) break;
    assert.ok(attempt < 120, "JupyterLab does not answer.");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** The predicted perplexities that the explorer prints, in the order of its panels. */
function predictions(page: Page): Promise<number[]> {
  return page.locator(".vega-embed:has(input[type=range]) svg text").evaluateAll((texts) =>
    texts.filter((text) => getComputedStyle(text).fontWeight === "600").map((text) =>
      Number(text.textContent)
    )
      .filter(Number.isFinite)
  );
}

Deno.test("JupyterLab runs notebook 04, and the explorer's predictions follow its sliders", async () => {
  await using lab = await startLab();
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await openNotebook(
      page,
      `${lab.address}/lab/tree/notebooks/04_influence_mixture.ipynb?token=${TOKEN}&reset`,
    );
    await runAllCells(page);
    // The file has outputs of its own: those of this run are there when the kernel is idle again.
    await page.getByText("Deno | Idle").waitFor({ timeout: RUN_MS });
    assert.equal(await page.locator('[data-mime-type="application/vnd.jupyter.error"]').count(), 0);
    const sliders = page.locator(".vega-embed input[type=range]");
    await page.locator(".jp-CodeCell").filter({ hasText: "mixtureExplorer(" }).scrollIntoViewIfNeeded();
    await sliders.first().scrollIntoViewIfNeeded();

    const before = await predictions(page);
    assert.equal(before.length, 3);
    await picture(page, "explorer_before", false);
    await sliders.first().fill("90");
    await page.waitForTimeout(500);
    const after = await predictions(page);
    await picture(page, "explorer_after", false);
    assert.equal(after.length, 3);
    assert.ok(after.every((value, i) => value !== before[i]), `${before} and ${after}`);
  } finally {
    await browser.close();
  }
});
