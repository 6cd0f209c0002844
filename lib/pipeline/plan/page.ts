/**
 * The plan of a full run as a page of Markdown: nodes, days, cost, storage, the arithmetic of every stage, and where the data are.
 * @module
 */
import type { Plan } from "./plan.ts";
import { amount, formatBytes, type PlannedStage } from "./planned_stage.ts";
import type { PublishedDataSet } from "./published_data_sets.ts";

/** What the page is made from. */
export interface PlanPageInputs {
  /** "950m". */
  readonly recipe: string;
  readonly plan: Plan;
  readonly dataSets: readonly PublishedDataSet[];
  /** The same with fewer documents scored in compression. */
  readonly bounded: { readonly documentsPerSource: number; readonly plan: Plan };
  /** US dollars. */
  readonly pricePerGpuHour: number;
}

/** Stages by what they are for. */
const PARTS: readonly { readonly name: string; readonly stages: RegExp; readonly optional?: true }[] = [
  { name: "data and curation", stages: /^(corpus|curation)/ },
  { name: "pretraining", stages: /^pretrain/ },
  { name: "mid-training", stages: /^(compression|midtrain)/ },
  { name: "post-training", stages: /^(sft|reasoning)/ },
  {
    name: "mixtures anew, for those who ask",
    stages: /^(leave-one-out|domain-proxies|influence)/,
    optional: true,
  },
];

/**
 * The page; `deno fmt` gives it its final shape.
 *
 * @throws {RangeError} for a stage that is in none of the page's parts.
 */
export function planPage({ recipe, plan, bounded, dataSets, pricePerGpuHour }: PlanPageInputs): string {
  const { cluster, stages, parameters, stateBytes } = plan;
  const dollars = (gpuHours: number) => `$${Math.round(gpuHours * pricePerGpuHour).toLocaleString("en")}`;
  const cells = (own: readonly PlannedStage[]) => {
    const sum = (of: (stage: PlannedStage) => number) => own.reduce((total, stage) => total + of(stage), 0);
    const gpuHours = sum((stage) => stage.gpuHours);
    return [
      Math.ceil(gpuHours).toLocaleString("en"),
      sum(({ days }) => days).toFixed(2),
      dollars(gpuHours),
      formatBytes(sum(({ storageBytes }) => storageBytes)),
    ];
  };
  const parts = PARTS.map((part) => ({
    ...part,
    own: stages.filter(({ stage }) => part.stages.test(stage)),
  }));
  const forgotten = stages.filter((stage) => !parts.some(({ own }) => own.includes(stage)));
  if (forgotten.length > 0) throw new RangeError(`Stage ${forgotten[0]?.stage} is in no part of the page.`);
  const needed = parts.filter(({ optional }) => !optional).flatMap(({ own }) => own);
  const pretrained = stages.filter(({ stage }) => stage.startsWith("pretrain-"));
  const pretrainingTokens = pretrained.reduce((sum, { tokens }) => sum + tokens, 0);
  return [
    `# ${amount(pretrainingTokens)} tokens: the plan of the recipe ${recipe}`,
    `${plan.description}. Made from the recipe by \`deno task plan\`; \`deno task pretrain --recipe ${recipe} --estimate --json\` ` +
    "gives the same numbers. Nothing here was run: sizes are the published ones, rates are as stated.",
    [
      `- **Machines**: ${cluster.nodes} nodes of ${cluster.gpusPerNode} GPUs. Each does ${cluster.teraflopsPerGpu} TFLOP/s of model FLOPs, ` +
      "the rate that follows from the paper's 4 to 5 days a phase; another is the recipe's `cluster.teraflopsPerGpu`.",
      `- **Model**: ${parameters.toLocaleString("en")} parameters; ${
        formatBytes(stateBytes)
      } of weights, gradient and moments on every GPU, without sharding.`,
      `- **Price**: $${
        pricePerGpuHour.toFixed(2)
      } a GPU hour, an assumption (\`--price\`); storage, network and failures are not priced. ` +
      "Days are those of one stage after the other.",
    ].join("\n"),
    "## What it takes",
    tableOf(["part", "GPU hours", "days", "cost", "disk"], [
      ...parts.map(({ name, own }) => [name, ...cells(own)]),
      ["**all but mixtures anew**", ...cells(needed)],
      ["**all**", ...cells(stages)],
    ]),
    "Pretraining takes its mixtures from files, so the last part is not on the way to the model. Compression scores every document " +
    `of the pool; with \`midtrain.compression.documentsPerSource\` at ${
      amount(bounded.documentsPerSource)
    } the whole takes ${Math.ceil(bounded.plan.totals.gpuHours).toLocaleString("en")} GPU hours, ${
      bounded.plan.totals.days.toFixed(2)
    } days and ${dollars(bounded.plan.totals.gpuHours)}.`,
    "## Stage by stage",
    tableOf(
      ["stage", "jobs × GPUs", "tokens", "GPU hours", "days", "cost", "disk"],
      stages.map((stage) => {
        const { jobs, gpusPerJob, tokens } = stage;
        return [stage.stage, `${jobs} × ${gpusPerJob}`, amount(tokens), ...cells([stage])];
      }),
    ),
    "## The arithmetic",
    ...stages.map(({ stage, arithmetic }) =>
      [`**${stage}**`, "", "```text", ...arithmetic, "```"].join("\n")
    ),
    "## Where the data are",
    `The ${dataSets.length} data sets of the paper's Tables 3 to 5, by their paths on the Hugging Face hub. The source is a file of data/sources, or of ` +
    "data/sources/conversations; those of kind `hub` download what they read (`HF_TOKEN` for gated ones, `HF_ENDPOINT` for a mirror); " +
    "the others are read where they were put, in the folder of that path below .cache/datasets. RedPajama-Data-1T is one of them: its " +
    "repository lists addresses, and the files lie at data.together.xyz.",
    tableOf(
      ["table", "data set", "size", "on the hub", "source"],
      dataSets.map(({ place, name, size, paths, source }) => [
        place,
        name,
        size,
        paths.map((path) => `\`${path}\``).join(", "),
        source === null ? "`midtrain.benchmarkTrainSets`" : `\`${source}\``,
      ]),
    ),
  ].join("\n\n") + "\n";
}

function tableOf(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");
}
