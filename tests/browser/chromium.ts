/**
 * A real browser for tests: Chromium, without a window.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { inDirectory } from "../core/temporary.ts";

const CHROMIUM = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** Starts it; whoever starts it closes it. */
export function startBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", ...args] });
}

/** A page opened as a file, without a network: it asks for nothing else, and its console has no error. */
export function withPage(
  html: string,
  args: readonly string[],
  test: (page: Page) => Promise<void>,
): Promise<void> {
  return inDirectory(async (folder) => {
    const browser = await startBrowser(args);
    try {
      const file = join(folder, "page.html");
      await Deno.writeTextFile(file, html);
      const context = await browser.newContext({ offline: true, viewport: { width: 1000, height: 900 } });
      const page = await context.newPage();
      const requests: string[] = [], errors: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(pathToFileURL(file).href);
      await test(page);
      const others = requests.filter((url) => url !== pathToFileURL(file).href && !url.startsWith("data:"));
      assert.deepEqual(others, []);
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
    }
  });
}

/** Keeps what the page shows in the folder PICTURES, where someone wants to look at it. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  const folder = Deno.env.get("PICTURES");
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}
