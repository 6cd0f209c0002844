/**
 * The 28 data sets of the paper's Tables 3 to 5, where the hub has them, and which source of this project reads each.
 * @module
 */
import { loadPaperTable, type PaperCell, paperRecords } from "../../catalog/published.ts";
import { RunError } from "../../core/errors.ts";
import { conversationSource } from "../../sources/conversations.ts";
import { type SourceSpec, sourceSpec } from "../../sources/spec.ts";
import type { Recipe } from "../recipe.ts";
import { mixtureName } from "./source_sizes.ts";

/** A row of one of the tables. */
export interface PublishedDataSet {
  /** "Table 3". */
  readonly place: string;
  readonly name: string;
  /** "206,640,114 documents", as the table counts. */
  readonly size: string;
  /** On the hub, with the files that are read. */
  readonly paths: readonly string[];
  /** "mobilellm-r1/starcoder"; null: none, the recipe names files of its own. */
  readonly source: string | null;
}

/** Table 4's one row without a path: training sets that others are measured by. */
const BENCHMARK_TRAIN_SETS = [
  "mandarjoshi/trivia_qa rc",
  "allenai/openbookqa",
  "google-research-datasets/nq_open",
  "ybisk/piqa",
  "openai/gsm8k",
  "google/boolq",
  "allenai/ai2_arc ARC-Easy",
  "allenai/ai2_arc ARC-Challenge",
];

/**
 * The rows in the tables' order.
 *
 * @param recipe Whose sources read them.
 * @throws {RunError} for a row that no source of the recipe reads.
 */
export async function publishedDataSets(recipe: Recipe): Promise<PublishedDataSet[]> {
  const sources = await named(recipe.sources, sourceSpec);
  const conversations = await named(
    [...recipe.sft.sources, ...recipe.reasoning?.sources ?? []],
    conversationSource,
  );
  const readBy = (name: string) => {
    const found = sources.find(({ spec }) => spec.name === name);
    if (found === undefined) throw new RunError(`No source of the recipe is "${name}".`);
    return { paths: [hubPath(found.spec)], source: found.source };
  };
  const documents = (count: PaperCell) => `${Number(count).toLocaleString("en")} documents`;
  const pretraining = (await records("pretrain_mix")).map((row) => ({
    place: "Table 3",
    name: String(row["dataset"]),
    size: documents(row["documents"] ?? null),
    ...readBy(String(row["dataset"])),
  }));
  const midtraining = (await records("midtrain_mix")).map((row) => {
    const { group, dataset, documents_million: millions, hub_path: path } = row;
    const name = mixtureName(String(group), String(dataset));
    return {
      place: "Table 4",
      name,
      size: documents(Math.round(Number(millions) * 1e6)),
      ...(path === null ? { paths: BENCHMARK_TRAIN_SETS, source: null } : readBy(name)),
    };
  });
  const posttraining = (await records("posttrain_data")).map((row) => {
    const path = String(row["hub_path"]);
    const found = conversations.find(({ spec }) => "path" in spec.reader && spec.reader.path.endsWith(path));
    if (found === undefined) throw new RunError(`No source of the recipe reads ${path}.`);
    return {
      place: "Table 5",
      name: String(row["dataset"]),
      size: `${row["samples_paper"]} conversations`,
      paths: [path],
      source: found.source,
    };
  });
  return [...pretraining, ...midtraining, ...posttraining];
}

/** Repository and files of a source of kind hub; of others, which were put there by hand, the repository's part by the same name. */
function hubPath({ reader }: SourceSpec): string {
  if (reader.kind === "hub") return `${reader.repository} ${reader.files.join(" ")}`;
  return "path" in reader ? reader.path.replace(/^.*\/\.cache\/datasets\/([^/]+\/[^/]+)\//, "$1 ") : "";
}

async function records(table: string): Promise<Record<string, PaperCell>[]> {
  return paperRecords(await loadPaperTable(table));
}

function named(
  names: readonly string[],
  load: (name: string) => Promise<SourceSpec>,
): Promise<{ source: string; spec: SourceSpec }[]> {
  return Promise.all(names.map(async (source) => ({ source, spec: await load(source) })));
}
