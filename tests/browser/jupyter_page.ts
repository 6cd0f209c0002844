/**
 * What a person does in JupyterLab.
 * @module
 */
import type { Page } from "playwright-core";

/** Time for JupyterLab to open a notebook and start its kernel. */
const OPEN_MS = 60_000;

/** Opens a notebook by its address and waits for its kernel. */
export async function openNotebook(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.locator(".jp-Notebook").waitFor({ timeout: OPEN_MS });
  await page.getByText("Deno | Idle").waitFor({ timeout: OPEN_MS });
}

/** Chooses "Run All Cells" and waits until the kernel is at it. */
export async function runAllCells(page: Page): Promise<void> {
  await page.getByRole("menuitem", { name: "Run", exact: true }).click();
  await page.getByText("Run All Cells", { exact: true }).click();
  await page.getByText("Deno | Busy").waitFor();
}
