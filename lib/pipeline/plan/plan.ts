/**
 * A recipe as a plan that a cluster can be asked for: jobs, GPUs, hours, disk, stage by stage, with the arithmetic.
 *
 * Nothing is measured and no source has to be there: sizes are the published ones, the rate is the recipe's. Evaluation and what the disk's and the
 * network's speed cost are not in it.
 * @module
 */
import { UsageError } from "../../core/errors.ts";
import { parameterCount } from "../../model/config.ts";
import { describeModel } from "../../model/description.ts";
import { sourceSpec } from "../../sources/spec.ts";
import type { Recipe } from "../recipe.ts";
import { proxyModel } from "../stages/proxies.ts";
import { modelConfig } from "../stages/training.ts";
import { planCorpus, planEducation, planJudge } from "./data_stages.ts";
import { type Cluster, type PlanInputs, type PlannedStage, planStage, type Work } from "./planned_stage.ts";
import { planCompression, planDomainProxies, planInfluence, planLeaveOneOut } from "./proxy_stages.ts";
import { publishedSizes, type SizedSource } from "./source_sizes.ts";
import { planFineTuning, planMidtraining, planTraining } from "./training_stages.ts";

/** The whole run. */
export interface Plan {
  readonly description: string;
  readonly parameters: number;
  /** Weights, gradient and both moments in float32, on every GPU; activations come on top. */
  readonly stateBytes: number;
  readonly cluster: Cluster;
  readonly stages: readonly PlannedStage[];
  readonly totals: {
    readonly flops: number;
    readonly gpuHours: number;
    /** One stage after the other. */
    readonly days: number;
    readonly storageBytes: number;
  };
  /** Pretraining takes mixtures from files: leave-one-out and influence are then not on the way to the model. */
  readonly mixturesFromFiles: boolean;
  /** Sources whose sizes are not published: they count as nothing. */
  readonly unknownSources: readonly string[];
}

/**
 * Plans every stage of a recipe.
 *
 * @throws {UsageError} for a recipe without a cluster, or an unknown source.
 */
export async function planRecipe(recipe: Recipe): Promise<Plan> {
  const { cluster, midtrain } = recipe;
  if (cluster === null) throw new UsageError("The recipe's cluster is null, expected the GPUs to plan for.");
  const { sources, unknownSources } = await sizedSources(recipe);
  const model = await modelConfig(recipe), proxy = await proxyModel(recipe);
  const inputs: PlanInputs = { recipe, cluster, model, proxy, sources };
  const work: Work[] = [
    planCorpus(inputs),
    planEducation(inputs),
    await planJudge(inputs),
    planLeaveOneOut(inputs),
    planDomainProxies(inputs),
    planInfluence(inputs),
    planTraining("pretrain-1", recipe.pretrain1, inputs),
    planTraining("pretrain-2", recipe.pretrain2, inputs),
  ];
  for (let round = 1; round <= midtrain.compression.stages; round++) {
    work.push(planCompression(round, inputs), planMidtraining(`midtrain-${round}`, inputs));
    if (midtrain.compression.original) work.push(planMidtraining(`midtrain-${round}-original`, inputs));
  }
  work.push(await planFineTuning("sft", recipe.sft, inputs));
  if (recipe.reasoning !== null) work.push(await planFineTuning("reasoning", recipe.reasoning, inputs));
  const stages = work.map((own) => planStage(own, cluster));
  const sum = (of: (stage: PlannedStage) => number) => stages.reduce((total, stage) => total + of(stage), 0);
  return {
    description: recipe.description,
    parameters: parameterCount(model),
    stateBytes: describeModel(model).memory.trainingStateBytes,
    cluster,
    stages,
    totals: {
      flops: sum(({ flops }) => flops),
      gpuHours: sum(({ gpuHours }) => gpuHours),
      days: sum(({ days }) => days),
      storageBytes: sum(({ storageBytes }) => storageBytes),
    },
    mixturesFromFiles: [recipe.pretrain1, recipe.pretrain2].every(({ mixture }) => mixture !== "influence"),
    unknownSources,
  };
}

async function sizedSources(recipe: Recipe) {
  const sizes = await publishedSizes();
  const sources: SizedSource[] = [], unknownSources: string[] = [];
  for (const spec of await Promise.all(recipe.sources.map(sourceSpec))) {
    const size = sizes.get(spec.name);
    if (size === undefined) unknownSources.push(spec.name);
    else sources.push({ spec, ...size });
  }
  return { sources, unknownSources };
}
