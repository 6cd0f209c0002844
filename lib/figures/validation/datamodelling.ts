/**
 * Linear datamodelling scores as rows.
 * @module
 */
import type { ValidationReport } from "../../mixture/validation/report.ts";
import {
  compareDomains,
  domainStyle,
  type Encoding,
  FAMILY_COLOURS,
  type Layer,
  QUIET,
  type View,
} from "../theme.ts";
import { guides, key, rowsAxis, titleShift } from "./rows.ts";

const ROW_HEIGHT = 30;

/** What a row of correlations stands for, where it is no method: the seeds themselves. */
const SEEDS = "another seed";

function correlationAxis(low: number) {
  return {
    field: "mean",
    type: "quantitative",
    scale: { domain: [low, 1], nice: false },
    axis: { title: "Spearman", tickCount: 5, format: "~g", grid: false },
  } satisfies Encoding["x"];
}

function colourOf(row: string): string {
  return row === SEEDS ? QUIET : row === "gradient product" ? FAMILY_COLOURS.smollm : FAMILY_COLOURS.own;
}

/**
 * A tick a probe document, mean and interval of each method, and the ceiling.
 *
 * @param room For the rows' names; 0: they are not shown.
 */
export function documentsView(
  { datamodelling, settings, regime }: ValidationReport,
  width: number,
  room: number,
): View {
  const { methods, seedToSeed, ceiling } = datamodelling;
  const rows = [...methods.map(({ method }) => method), SEEDS] as const;
  const ticks = methods.flatMap(({ method, perProbe }) =>
    perProbe.map((mean) => ({ row: method, mean, colour: colourOf(method) }))
  );
  const means = [...methods.map(({ method, ...estimate }) => ({ row: method, ...estimate })), {
    row: SEEDS,
    ...seedToSeed,
  }].map((mean) => ({ ...mean, colour: colourOf(mean.row), label: mean.mean.toFixed(2) }));
  const x = correlationAxis(Math.min(-0.1, ...ticks.map(({ mean }) => mean)));
  const y = rowsAxis(rows, room);
  const colour = { field: "colour", type: "nominal", scale: null } satisfies Encoding["color"];
  return {
    width,
    height: ROW_HEIGHT * rows.length,
    title: {
      dx: titleShift(width, room),
      text: "Single probe documents",
      subtitle: [
        `${regime.probeDocuments} documents, ${settings.subsets} random halves, ${settings.seeds} seeds`,
        `dashed: the ceiling that seeds set, ${ceiling.toFixed(2)}`,
      ],
    },
    layer: [
      ...guides(rows, x, y, width),
      {
        data: { values: ticks },
        mark: { type: "tick", thickness: 1, size: 12, opacity: 0.35, orient: "vertical" },
        encoding: { y, x, color: colour },
      },
      {
        data: { values: [{ mean: ceiling }] },
        mark: { type: "rule", strokeDash: [4, 3] },
        encoding: { x },
      },
      {
        data: { values: means },
        mark: { type: "rule", strokeWidth: 3 },
        encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" }, color: colour },
      },
      {
        data: { values: means },
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: { y, x, color: colour },
      },
      {
        data: { values: means },
        mark: { type: "text", dy: -11, fontSize: 11, fontWeight: 600 },
        encoding: { y, x, text: { field: "label" } },
      },
    ],
  };
}

/** The same for the mean loss of each capability's documents. */
export function capabilitiesView({ datamodelling }: ValidationReport, width: number, room: number): View {
  const capabilities = datamodelling.capabilities.toSorted((a, b) =>
    compareDomains(a.capability, b.capability)
  );
  const rows = [...datamodelling.methods.map(({ method }) => method), SEEDS] as const;
  // Beside each other within a row.
  const place = (i: number) => (i - (capabilities.length - 1) / 2) * 8;
  const values = capabilities.map(({ capability, methods, seedToSeed }, i) => ({
    capability,
    offset: place(i),
    points: [
      ...methods.map(({ method, mean, low, high }) => ({ row: method, mean, low, high })),
      { row: SEEDS, mean: seedToSeed, low: null, high: null },
    ],
  }));
  const x = correlationAxis(
    Math.min(-0.1, ...values.flatMap(({ points }) => points.map(({ mean, low }) => low ?? mean))),
  );
  const y = rowsAxis(rows, room);
  return {
    width,
    height: ROW_HEIGHT * rows.length,
    title: {
      dx: titleShift(width, room),
      text: "Each capability’s mean loss",
      subtitle: [key(capabilities.map((of) => of.capability)), "intervals over random halves"],
    },
    layer: [
      ...guides(rows, x, y, width),
      ...values.flatMap(({ capability, offset, points }): Layer[] => {
        const { colour, shape } = domainStyle(capability);
        return [
          {
            data: { values: points.filter(({ low }) => low !== null) },
            mark: { type: "rule", color: colour, strokeWidth: 1.5, opacity: 0.6, yOffset: offset },
            encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } },
          },
          {
            data: { values: points },
            mark: {
              type: "point",
              filled: true,
              size: 55,
              opacity: 1,
              color: colour,
              shape,
              yOffset: offset,
            },
            encoding: { y, x },
          },
        ];
      }),
    ],
  };
}
