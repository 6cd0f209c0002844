import assert from "node:assert/strict";
import { renderPng } from "../../lib/figures/png.ts";

const svg = (text: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" font-family="system-ui, sans-serif">` +
  `<rect width="60" height="20" fill="white"/><text x="2" y="14" font-size="12">${text}</text></svg>`;

Deno.test("renderPng() is as large as the scale says", async () => {
  const size = async (scale: number) => {
    const png = new DataView((await renderPng(svg("a"), scale)).buffer);
    return [png.getUint32(16), png.getUint32(20)];
  };
  assert.deepEqual(await size(1), [60, 20]);
  assert.deepEqual(await size(2), [120, 40]);
});

Deno.test("renderPng() draws text, Greek and signs in its own typeface, the same bytes each time", async () => {
  const pictures = await Promise.all(["", "a", "Δ", "−", "×"].map((text) => renderPng(svg(text))));
  assert.equal(new Set(pictures.map((picture) => picture.toString())).size, pictures.length);
  assert.deepEqual(await renderPng(svg("Δ")), pictures[2]);
});
