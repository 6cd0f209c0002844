/**
 * Stage "influence": what each candidate document teaches code, mathematics and knowledge, and the mixture that follows
 * (the paper's Eqs 2–6).
 *
 * Makes scores.jsonl, a candidate a line; mixture.json; and gradient-product.json, the mixture that plain products of gradients
 * (TracIn) give in the same way.
 * @module
 */
import { join } from "node:path";
import { exists, writeFileAtomic, writeJson } from "../../core/artefacts.ts";
import { type Mixture, mixtureFileOf } from "../../core/mixture.ts";
import { startProgress } from "../../core/progress.ts";
import type { Capability } from "../../curation/probing.ts";
import type { ProbeInfluence } from "../../mixture/datainf.ts";
import { documentBatches } from "../../mixture/documents.ts";
import { influenceOverCheckpoints } from "../../mixture/influence.ts";
import { type CapabilityInfluence, type JointInfluence, jointInfluence } from "../../mixture/joint.ts";
import {
  type Candidate,
  describeAdjustments,
  influenceMixture,
  influenceWeights,
  type SourceInfluence,
} from "../../mixture/weights.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { openTokenizer } from "../../tokenizer/tokenizer.ts";
import type { Recipe } from "../recipe.ts";
import type { FinishedStage, Stage, StageContext } from "../stage.ts";
import type { CurationResult } from "./curation.ts";
import { checkpointPaths } from "./domain_proxies.ts";
import { encodeDocument, openCuratedProbes, readRepresentatives } from "./probing.ts";
import { describeProxy, proxyModel, proxyRecipe, type ProxyRecord } from "./proxies.ts";
import { recipeInfluence } from "./training.ts";
import { BACKEND_CODE } from "./backend_code.ts";

/** What influence is computed from. */
export interface InfluenceInputs {
  readonly curation: FinishedStage<CurationResult>;
  readonly proxies: FinishedStage<ProxyRecord[]>;
}

/** A candidate's line of scores.jsonl. */
export interface CandidateScores extends Candidate {
  /** The document's. */
  readonly id: string;
  /** Eq 5; the sum of the two below. */
  readonly joint: number;
  readonly self: number;
  readonly cross: number;
  /** I(x; θ_{c,t}) at t = 1 … T, by capability. */
  readonly influence: Readonly<Record<string, readonly number[]>>;
}

/** The stage's result. */
export interface InfluenceResult {
  readonly candidates: number;
  /** Every source's way to its weight. */
  readonly sources: readonly SourceInfluence[];
  /** What was clipped or floored, in a sentence; null: nothing. */
  readonly adjustments: string | null;
  readonly mixture: Mixture;
  /** The baseline's. */
  readonly gradientProduct: Mixture;
}

/** Files of the stage. */
export const SCORES_FILE = "scores.jsonl";
export const MIXTURE_FILE = "mixture.json";
export const GRADIENT_PRODUCT_FILE = "gradient-product.json";

/** The stage over finished domain proxies. */
export function influenceStage(run: string, recipe: Recipe, inputs: InfluenceInputs): Stage<InfluenceResult> {
  return {
    name: "influence",
    recipe: { run, ...proxyRecipe(recipe), influence: recipe.influence, overlap: recipe.curation.overlap },
    inputs: { curation: inputs.curation.manifest.digest, proxies: inputs.proxies.manifest.digest },
    code: [new URL(import.meta.url), ...BACKEND_CODE],
    resumable: true,
    timed: [],
    run: (context) => scoreCandidates(run, recipe, inputs, context),
  };
}

async function scoreCandidates(
  run: string,
  recipe: Recipe,
  { curation, proxies }: InfluenceInputs,
  { directory, signal }: StageContext,
): Promise<InfluenceResult> {
  const { influence: settings } = recipe;
  const tokenizer = await openTokenizer(recipe.tokenizer);
  const documents = (await readRepresentatives(recipe, curation)).flatMap(({ candidates }) => candidates);
  const { batches, tokens } = documentBatches(
    documents.map(({ text }) => encodeDocument(tokenizer, text)),
    settings.length,
    settings.sequences,
  );
  const models = (await openCuratedProbes(recipe, curation, settings)).map((probe) => ({
    probes: [probe],
    checkpoints: checkpointPaths(recipe, proxies, probe.name).map((path) => async () =>
      (await loadModel(path)).weights
    ),
  }));
  const count = models.reduce((sum, { checkpoints }) => sum + checkpoints.length, 0);

  const progress = startProgress("influence", count * documents.length, "candidates");
  const memory = join(directory, "checkpoints");
  let scores: Awaited<ReturnType<typeof influenceOverCheckpoints>>;
  {
    await using backend = await recipeInfluence(recipe, await proxyModel(recipe), settings.tensors);
    scores = await influenceOverCheckpoints(backend, models, batches, async (checkpoint, score) => {
      signal.throwIfAborted();
      const result = await remembered(join(memory, `${checkpoint}.json`), score);
      progress.update((checkpoint + 1) * documents.length, `checkpoint ${checkpoint + 1} of ${count}`);
      return result;
    });
  }
  progress.finish();

  const sources = documents.map(({ source }) => source);
  const candidates = documents.map(({ source }, i) => ({ source, tokens: tokens[i] as number })); // One each.
  const joint = jointInfluence(sources, scores.influence);
  const weights = influenceWeights(candidates, joint.joint, settings.floor);
  const plain = influenceWeights(
    candidates,
    jointInfluence(sources, scores.gradientProduct).joint,
    settings.floor,
  );
  const description = {
    tokenizer: recipe.tokenizer,
    proxy: describeProxy(recipe),
    tokenBudget: null,
    caps: { maxEpochs: null },
  };
  const mixture = influenceMixture(weights, {
    ...description,
    name: "influence",
    createdFrom: `run ${run}: DataInf, ${documents.length} candidates, ${count} checkpoints`,
  });
  const gradientProduct = influenceMixture(plain, {
    ...description,
    name: "gradient-product",
    createdFrom:
      `run ${run}: products of gradients (TracIn), ${documents.length} candidates, ${count} checkpoints`,
  });
  await writeScores(join(directory, SCORES_FILE), documents, candidates, joint, scores.influence);
  await writeJson(join(directory, MIXTURE_FILE), mixtureFileOf(mixture));
  await writeJson(join(directory, GRADIENT_PRODUCT_FILE), mixtureFileOf(gradientProduct));
  await Deno.remove(memory, { recursive: true });
  return {
    candidates: documents.length,
    sources: weights,
    adjustments: describeAdjustments(weights) ?? null,
    mixture,
    gradientProduct,
  };
}

/** What a file has, or else what is computed and then put there. */
async function remembered(
  path: string,
  score: () => Promise<ProbeInfluence[]>,
): Promise<ProbeInfluence[]> {
  if (await exists(path)) {
    const stored: { probe: string; influence: number[]; gradientProduct: number[] }[] = JSON.parse(
      await Deno.readTextFile(path),
    );
    return stored.map(({ probe, influence, gradientProduct }) => ({
      probe,
      influence: Float64Array.from(influence),
      gradientProduct: Float64Array.from(gradientProduct),
    }));
  }
  const result = await score();
  await writeJson(
    path,
    result.map(({ probe, influence, gradientProduct }) => ({
      probe,
      influence: [...influence],
      gradientProduct: [...gradientProduct],
    })),
  );
  return result;
}

async function writeScores(
  path: string,
  documents: readonly { readonly id: string }[],
  candidates: readonly Candidate[],
  { joint, self, cross }: JointInfluence,
  capabilities: readonly CapabilityInfluence[],
): Promise<void> {
  const lines = candidates.map((candidate, x) => {
    // Scores have one entry a candidate.
    const line: CandidateScores = {
      id: documents[x]?.id as string,
      ...candidate,
      joint: joint[x] as number,
      self: self[x] as number,
      cross: cross[x] as number,
      influence: Object.fromEntries(
        capabilities.map(({ capability, checkpoints }) => [
          capability as Capability,
          checkpoints.map((scores) => scores[x] as number),
        ]),
      ),
    };
    return JSON.stringify(line) + "\n";
  });
  await writeFileAtomic(path, lines.join(""));
}
