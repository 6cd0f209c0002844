/**
 * How models, mixtures and runs show themselves in a notebook.
 * @module
 */
import { table } from "arquero";
import type { Mixture } from "../core/mixture.ts";
import { barTable } from "../figures/bar_table.ts";
import { formatPercent } from "../figures/format.ts";
import type { ModelConfig } from "../model/config.ts";
import { describeModel } from "../model/description.ts";
import { type Displayable, showChart, showTable } from "./notebook_display.ts";
import type { Run } from "./run.ts";

/** Width of a mixture's chart, in pixels. */
const WIDTH = 620;

/** A model's shape, its parameters and the memory that its training takes, without activations. */
export function showModel(config: ModelConfig): Displayable {
  const { parameters, embeddingParameters, memory } = describeModel(config);
  const { layers, width, heads, keyValueHeads, headSize, feedForwardWidth, vocabularySize } = config;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const rows: [string, string][] = [
    ["layers × width", `${layers} × ${width}`],
    ["heads (key and value) × size", `${heads} (${keyValueHeads}) × ${headSize}`],
    ["feed-forward", feedForwardWidth.toLocaleString("en-GB")],
    ["vocabulary", vocabularySize.toLocaleString("en-GB")],
    ["parameters", parameters.toLocaleString("en-GB")],
    ["of them embedding and head", formatPercent(100 * embeddingParameters / parameters)],
    ["weights", megabytes(memory.weightBytes)],
    ["weights, gradient and moments", megabytes(memory.trainingStateBytes)],
  ];
  return showTable(table({ model: rows.map(([name]) => name), value: rows.map(([, value]) => value) }));
}

/** A mixture's shares as bars, the largest first. */
export function showMixture({ name, method, sources }: Mixture): Displayable {
  const sorted = sources.toSorted((a, b) => b.weight - a.weight);
  return showChart(barTable({
    description: `Shares of the mixture ${name}, by ${method}: ${
      sorted.map(({ name, weight }) => `${name} ${formatPercent(100 * weight)}`).join(", ")
    }.`,
    rows: sorted.map(({ name }) => ({ name })),
    sameScale: true,
    columns: [{
      title: name,
      bars: sorted.map(({ name, weight }) => ({ name, value: weight, label: formatPercent(100 * weight) })),
    }],
  }, WIDTH));
}

/** The stages that were asked for so far: their seconds, whether they were done before, and what their outputs hash to. */
export function showRun({ finished }: Pick<Run, "finished">): Displayable {
  return showTable(
    table({
      stage: finished.map(({ manifest }) => manifest.stage),
      seconds: finished.map(({ manifest }) => manifest.seconds),
      now: finished.map(({ skipped }) => skipped ? "done before" : "done"),
      outputs: finished.map(({ manifest }) => manifest.digest.slice(0, 12)),
    }),
    { seconds: (value) => value.toFixed(1) },
  );
}
