/**
 * The report of a run in a real browser: it opens from disk without a network, and fits a phone.
 *
 * Not among the unit tests, since it needs Chromium: `deno task test:browser`.
 */
import assert from "node:assert/strict";
import { renderReport } from "../../lib/figures/report.ts";
import { SAMPLE } from "../figures/sample_report.ts";
import { picture, withPage } from "./chromium.ts";

for (const width of [390, 1280]) {
  Deno.test(`the report opens offline, draws its charts and is as wide as a window of ${width} pixels`, async () => {
    await withPage(await renderReport(SAMPLE), [], async (page) => {
      await page.setViewportSize({ width, height: 844 });
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      const shown = width < 600 ? "narrow" : "wide", hidden = width < 600 ? "wide" : "narrow";
      assert.ok(await page.locator(`figure .${shown} svg`).first().isVisible());
      assert.equal(await page.locator(`figure .${hidden} svg`).first().isVisible(), false);
      await picture(page, `report_${width}`);
    });
  });
}
