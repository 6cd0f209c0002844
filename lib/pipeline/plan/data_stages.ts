/**
 * Plan of what is done to the corpus: text and shards on disk, curation's scores.
 * @module
 */
import { SERVER_JUDGE } from "../../curation/server_judge.ts";
import { capabilitiesOf, listsByDomain, loadProbingLists } from "../../curation/probing.ts";
import { amount, formatBytes, type PlanInputs, type Work } from "./planned_stage.ts";
import { cutTokens, knownTokens, shardBytes, type SizedSource } from "./source_sizes.ts";

/** Characters of a token: English text through Llama 3's tokenizer. */
const CHARACTERS_PER_TOKEN = 4;

/**
 * Tokens that FineWeb-Edu's classifier scores in a GPU hour, reading and tokenizing included: its card has 15T tokens in 6,000
 * hours of an H100.
 */
const CLASSIFIED_TOKENS_PER_GPU_HOUR = 15e12 / 6000;

/** FLOPs of that classifier for a token: 12 layers of 12 · 768² weights. It sees 512 tokens of a document. */
const CLASSIFIER_FLOPS_PER_TOKEN = 2 * 12 * 12 * 768 ** 2;
const CLASSIFIER_TOKENS = 512;

/** Stages without a GPU: "corpus", "shards" and "pool", most of the disk. */
export function planCorpus({ recipe, sources }: PlanInputs): Work {
  const pool = poolSources(recipe, sources), tokens = knownTokens(sources);
  const unknown = sources.filter((source) => source.tokens === null).map(({ spec }) => spec.name);
  const text = CHARACTERS_PER_TOKEN * tokens, shards = shardBytes(sources), poolShards = shardBytes(pool);
  return {
    stage: "corpus, shards, pool",
    jobs: 1,
    gpusPerJob: 0,
    tokens,
    flops: 0,
    gpuHours: 0,
    storageBytes: text + shards + poolShards,
    arithmetic: [
      `${amount(tokens)} tokens of ${sources.length - unknown.length} sources`,
      `text of ${CHARACTERS_PER_TOKEN} bytes a token: ${formatBytes(text)}; shards: ${
        formatBytes(shards)
      }; the pool's ${amount(knownTokens(pool))} tokens again: ${formatBytes(poolShards)}`,
      ...(unknown.length === 0 ? [] : [`on top come ${unknown.join(", ")}, whose tokens are not published`]),
    ],
  };
}

/** The sources that mid-training's pool is made of. */
export function poolSources(
  { midtrain: { compression: { sources: wanted } } }: PlanInputs["recipe"],
  sources: readonly SizedSource[],
): readonly SizedSource[] {
  return wanted === null ? sources : sources.filter(({ spec }) => wanted.includes(spec.name));
}

/** Education scores of every document. */
export function planEducation({ cluster: { nodes, gpusPerNode }, sources }: PlanInputs): Work {
  const tokens = knownTokens(sources);
  const seen = cutTokens(sources, null, CLASSIFIER_TOKENS);
  const gpuHours = tokens / CLASSIFIED_TOKENS_PER_GPU_HOUR;
  return {
    stage: "curation: education",
    jobs: nodes,
    gpusPerJob: gpusPerNode,
    tokens: seen,
    flops: seen * CLASSIFIER_FLOPS_PER_TOKEN,
    gpuHours,
    storageBytes: 0,
    arithmetic: [
      `${amount(tokens)} tokens ÷ ${
        amount(CLASSIFIED_TOKENS_PER_GPU_HOUR)
      } a GPU hour (the classifier's card) = ${
        amount(gpuHours)
      } GPU hours; it reads the first ${CLASSIFIER_TOKENS} of a document`,
    ],
  };
}

/** Ask-LLM: the reasoning prompt for the documents that the judge sees, a prompt for each capability for the best of them. */
export async function planJudge({ recipe, cluster, sources }: PlanInputs): Promise<Work> {
  const { lists, judgedPerSource, topShare } = recipe.curation;
  const probing = lists === null
    ? listsByDomain(sources.map(({ spec }) => spec))
    : await loadProbingLists(lists);
  const length = SERVER_JUDGE.documentCharacters / CHARACTERS_PER_TOKEN;
  const questions = (limit: number | null) =>
    sources.reduce(
      (sum, source) =>
        sum +
        cutTokens([source], limit, length) *
          (1 + topShare * capabilitiesOf(source.spec.name, probing).length),
      0,
    );
  const tokens = questions(judgedPerSource), all = questions(null);
  const perToken = 2 * cluster.judgeParameters;
  const allHours = all * perToken / (cluster.teraflopsPerGpu * 1e12) / 3600;
  return {
    stage: "curation: judge",
    jobs: cluster.nodes,
    gpusPerJob: cluster.gpusPerNode,
    tokens,
    flops: tokens * perToken,
    storageBytes: 0,
    arithmetic: [
      `at most ${
        judgedPerSource === null ? "all" : amount(judgedPerSource)
      } documents a source of up to ${length} tokens, once, and the best ${
        100 * topShare
      }% once for each capability: ${amount(tokens)} tokens`,
      `× 2 · ${amount(cluster.judgeParameters)} parameters = ${amount(tokens * perToken)} FLOP`,
      ...(judgedPerSource === null
        ? []
        : [`the whole corpus instead: ${amount(all)} tokens, ${amount(allHours)} GPU hours`]),
    ],
  };
}
