/**
 * What influence on a GPU holds from batch to batch: the model on its device, and the scale of losses.
 * @module
 */
import type { InfluenceBatchPlans, InfluenceModel } from "../../kernels/webgpu/plan/influence.ts";
import type { ModelConfig } from "../model/config.ts";
import type { TokenBatch } from "./backend.ts";
import { checkBatch } from "./batch.ts";
import { meanWeights } from "./influence.ts";
import { writeInputs, writeTargets } from "./webgpu_batch.ts";
import { asRunError } from "./webgpu_errors.ts";

/** A model that is asked for influence. */
export class InfluenceSession {
  /** It only ever falls while the weights stay, so that what one pass over the candidates has tried holds in the next. */
  lossScale = 1;

  constructor(readonly config: ModelConfig, readonly model: InfluenceModel) {}

  /** The plans of a batch's shape. */
  plans(batch: TokenBatch, vectors: number): Promise<InfluenceBatchPlans> {
    checkBatch(this.config, batch);
    return asRunError(this.model.plans({ sequences: batch.sequences, length: batch.length }, vectors));
  }

  /**
   * Brings a batch and the loss scale to the device. A sequence counts with its mean loss times its length: a target's gradient is
   * then as large as in training, in the middle of f16's range.
   */
  write({ activations }: InfluenceBatchPlans, batch: TokenBatch): void {
    const { device, settings } = this.model;
    writeInputs(device, activations, batch);
    writeTargets(device, activations, {
      targets: batch.targets,
      weights: meanWeights(batch).map((weight) => weight * batch.length),
    });
    device.write(settings, Float32Array.of(this.lossScale));
  }
}
