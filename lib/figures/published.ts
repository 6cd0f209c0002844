/**
 * The published pretraining mixture as figures want it.
 * @module
 */
import { loadPaperTable } from "../catalog/published.ts";
import type { PublishedMixture } from "./run_report.ts";

/** Training tokens of one phase: 500k updates of 16·8·16 sequences of 2048 (Table 2; derived). */
const PHASE_TOKENS = 500_000 * 16 * 8 * 16 * 2048;

/** Capabilities whose probing sets draw on a dataset (section 5.1.1 of the paper); in no list, or in several: "several". */
const DOMAINS: Readonly<Record<string, string>> = {
  "StarCoder": "code",
  "StackExchange": "code",
  "Nemotron code": "code",
  "OpenWebMath": "math",
  "FineMath": "math",
  "Algebraic stack": "math",
  "Nemotron math": "math",
  "FineWeb-Edu": "knowledge",
  "Wiki": "knowledge",
  "Arxiv": "knowledge",
  "Nemotron science": "knowledge",
};

/** The two pretraining phases of MobileLLM-R1, with the printed percentages. */
export async function publishedPretrainingMixture(): Promise<PublishedMixture> {
  const table = await loadPaperTable("pretrain_mix");
  const cell = (row: readonly unknown[], column: string) => row[table.columns.indexOf(column)];
  const percent = (value: unknown) => value === null ? null : Number(value);
  return {
    source: table.source,
    phaseTokens: PHASE_TOKENS,
    datasets: table.rows.map((row) => {
      const dataset = String(cell(row, "dataset"));
      return {
        dataset,
        domain: DOMAINS[dataset] ?? "several",
        rows: Number(cell(row, "documents")),
        tokens: Number(cell(row, "tokens_billion")) * 1e9,
        phase1: percent(cell(row, "phase1_percent")),
        phase2: percent(cell(row, "phase2_percent")),
      };
    }),
  };
}
