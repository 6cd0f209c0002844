/**
 * The report on where everything comes from: artefacts with their hashes, and the settings.
 * @module
 */
import { formatInteger } from "../format.ts";
import { markup } from "../markup.ts";
import type { ReportManifest, RunReport } from "../run_report.ts";
import { type Section, table } from "./parts.ts";

/** Files of each stage with size and SHA-256. */
export function artefactsSection({ manifests }: RunReport): Section {
  const files = ({ stage, fingerprint, outputs }: ReportManifest) =>
    markup`<details><summary>${stage} <span class="quiet">${outputs.length} ${
      outputs.length === 1 ? "file" : "files"
    }</span></summary>${
      table<ReportManifest["outputs"][number]>(
        `Fingerprint of everything that the stage depended on: ${fingerprint}.`,
        { kind: "own", source: `manifest of ${stage}` },
        [
          { title: "File", cell: ({ path }) => path },
          { title: "Bytes", cell: ({ bytes }) => formatInteger(bytes), numeric: true },
          { title: "SHA-256", cell: ({ sha256 }) => markup`<code>${sha256}</code>` },
        ],
        outputs,
      )
    }</details>`;
  return {
    id: "artefacts",
    title: "Artefacts",
    lead: "What each stage left behind, with its hashes.",
    content: manifests.map(files),
  };
}

/** The recipe, folded. */
export function settingsSection({ recipe }: RunReport): Section {
  const folded = () =>
    markup`<details><summary>Recipe</summary><pre class="recipe">${
      JSON.stringify(recipe, null, 2)
    }</pre></details>`;
  return {
    id: "settings",
    title: "Settings",
    lead: "The recipe that this run followed.",
    content: recipe === undefined || recipe === null ? [] : [folded()],
  };
}
