/**
 * Figure 5: from corpora to the sets that ask.
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import { domainStyle, FAMILY_COLOURS, QUIET } from "../theme.ts";
import { type Arrow, type Box, diagram } from "./diagram.ts";

const WIDTH = 152, GAP = 24, WHOLE = 5 * WIDTH + 4 * GAP;

/** In the order in which a document passes them. */
const FILTERS = [
  { title: "Corpora", lines: ["the datasets of Table 3, each on its own"], data: true },
  { title: "1 Education", lines: ["a classifier of web pages: score above 4"] },
  { title: "2 Reasoning", lines: ["a judge: probability of “1”, top tenth of each dataset"] },
  { title: "3 Domain", lines: ["the judge again, asked about code, math or knowledge"] },
  { title: "4 Deduplication", lines: ["by meaning, across corpora"] },
] as const;

/** Whose representative sets are a capability's probing set. */
const PROBING = {
  code: "StarCoder, StackExchange, Nemotron code",
  math: "OpenWebMath, FineMath, Algebraic stack, Nemotron math",
  knowledge: "FineWeb-Edu, Wiki, Arxiv, Nemotron science",
} as const;
const SHARED = "and Cosmopedia, Natural reasoning, peS2o";

const FILTER_HEIGHT = 84, SETS_TOP = FILTER_HEIGHT + 40, SETS_HEIGHT = 52;
const PROBING_TOP = SETS_TOP + SETS_HEIGHT + 40, PROBING_HEIGHT = 98;

/** The four filters of hierarchical rejection sampling, and what comes of them. */
export function curationDiagram(): TopLevelSpec {
  const filters = FILTERS.map((filter, i): Box => ({
    ...filter,
    x: i * (WIDTH + GAP),
    y: 0,
    width: WIDTH,
    height: FILTER_HEIGHT,
    colour: i === 0 ? QUIET : FAMILY_COLOURS.own,
  }));
  const sets: Box = {
    x: 0,
    y: SETS_TOP,
    width: WHOLE,
    height: SETS_HEIGHT,
    title: "Representative sets",
    lines: ["about 10,000 documents of each dataset; influence is computed on them"],
    colour: QUIET,
    data: true,
  };
  const width = (WHOLE - 2 * GAP) / 3;
  const probing = Object.entries(PROBING).map(([capability, datasets], i): Box => ({
    x: i * (width + GAP),
    y: PROBING_TOP,
    width,
    height: PROBING_HEIGHT,
    title: `Probing set: ${capability}`,
    lines: [datasets, SHARED],
    colour: domainStyle(capability).colour,
    data: true,
  }));
  const down = (x: number, from: number, to: number): Arrow => ({ x, y: from, x2: x, y2: to - 2 });
  const arrows: Arrow[] = [
    ...filters.slice(1).map(({ x }) => ({
      x: x - GAP,
      y: FILTER_HEIGHT / 2,
      x2: x - 2,
      y2: FILTER_HEIGHT / 2,
    })),
    down(WHOLE - WIDTH / 2, FILTER_HEIGHT, SETS_TOP),
    ...probing.map(({ x }) => down(x + width / 2, SETS_TOP + SETS_HEIGHT, PROBING_TOP)),
  ];
  return diagram(
    "Four filters lead from corpora to representative sets, and those to the probing sets of the capabilities.",
    [...filters, sets, ...probing],
    arrows,
    { width: WHOLE + 4, height: PROBING_TOP + PROBING_HEIGHT + 4 },
  );
}
