/**
 * Columns of the paper's tables for people.
 * @module
 */

/** What is not its name with spaces. */
const HEADINGS: Readonly<Record<string, string>> = {
  kv_heads: "KV heads",
  ffn_width: "FFN width",
  parameters_paper: "as printed",
  parameters_readme: "in the README",
  tokens_or_samples: "tokens or samples",
  sequences_per_device: "sequences a device",
  steps_or_epochs: "steps or epochs",
  gpus: "GPUs",
  tokens_per_step: "tokens a step",
  tokens_billion: "tokens, billions",
  documents_million: "documents, millions",
  phase1_percent: "phase 1 %",
  phase2_percent: "phase 2 %",
  phase1_epochs: "phase 1 epochs",
  phase2_epochs: "phase 2 epochs",
  hub_path: "on the hub",
  samples_paper: "samples, paper",
  samples_readme: "samples, README",
  size_group: "size",
  stage1: "stage 1",
  stage2: "stage 2",
  head_dim: "head size",
  math500: "MATH500",
  gsm8k: "GSM8K",
  gsm8k_table7: "GSM8K, Table 7",
  mbpp: "MBPP",
  humaneval: "HumanEval",
  mmlu: "MMLU",
  mmlu_pretrain: "MMLU, pretrained",
  mmlu_midtrain: "MMLU, mid-trained",
  rankme: "RankMe",
  aime24: "AIME ’24",
  aime25: "AIME ’25",
  livecodebench_v6: "LiveCodeBench v6",
  arc_easy: "ARC-e",
  arc_challenge: "ARC-c",
  boolq: "BoolQ",
  piqa: "PIQA",
  siqa: "SIQA",
  hellaswag: "HellaSwag",
  openbookqa: "OBQA",
  winogrande: "WinoGrande",
  open_data_and_recipe: "open data and recipe",
};

/**
 * A column's heading.
 *
 * @example
 * ```ts
 * import { headingOf } from "./headings.ts";
 * import assert from "node:assert/strict";
 * assert.equal(headingOf("aime24"), "AIME ’24");
 * assert.equal(headingOf("tokens_per_second_16k"), "16k");
 * assert.equal(headingOf("context_length"), "context length");
 * ```
 */
export function headingOf(column: string): string {
  return HEADINGS[column] ?? column.replace("tokens_per_second_", "").replaceAll("_", " ");
}
