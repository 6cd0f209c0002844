/**
 * The passes of influence without the rest of the workbench: a model with random weights, random tokens, random vectors.
 * @module
 */
import type { Device } from "../webgpu/device/device.ts";
import { tokenRuns } from "../webgpu/ops/embedding.ts";
import {
  type InfluenceBatch,
  type InfluenceBatchPlans,
  InfluenceModel,
  type InfluenceWork,
} from "../webgpu/plan/influence.ts";
import type { InfluenceVector } from "../webgpu/plan/influence_buffers.ts";
import type { Plan } from "../webgpu/plan/plan.ts";
import type { TransformerShape } from "../webgpu/plan/transformer_parameters.ts";
import { numbers } from "./random.ts";
import { initialWeights } from "./step_run.ts";

/** Gradients of single sequences of one batch shape, with a fixed number of vectors. */
export class InfluenceBench {
  private constructor(
    readonly model: InfluenceModel,
    readonly batch: InfluenceBatch,
    readonly plans: InfluenceBatchPlans,
    readonly vectors: readonly InfluenceVector[],
    private readonly lossScale: number,
  ) {}

  static async create(
    device: Device,
    shape: TransformerShape,
    batch: InfluenceBatch,
    vectors: number,
  ): Promise<InfluenceBench> {
    const model = await InfluenceModel.create(device, shape, "all");
    model.parameters.write("weights", initialWeights(model));
    model.cast?.submit();
    const lossScale = device.tier === "f32" ? 1 : 64;
    device.write(model.settings, Float32Array.of(lossScale));
    return new InfluenceBench(
      model,
      batch,
      await model.plans(batch, vectors),
      await model.vectors(vectors),
      lossScale,
    );
  }

  /** Compiles what a pass needs. */
  plan(work: InfluenceWork): Promise<Plan> {
    return this.plans.plan(work);
  }

  /** Random vectors of length about 1, of which there are few enough numbers that making them takes no time. */
  fillVectors(): Float32Array[] {
    const { count } = this.model.parameters.places;
    const pattern = numbers(1_000_003, 7);
    return this.vectors.map((vector, v) => {
      const values = new Float32Array(count);
      for (let at = 0; at < count; at += pattern.length) {
        values.set(pattern.subarray(0, Math.min(pattern.length, count - at)), at);
      }
      values.forEach((value, i) => values[i] = value * (1 + v) / Math.sqrt(count));
      vector.write(values);
      return values;
    });
  }

  /** The batch, with every token of the same weight; its runs are what sums need on top. */
  write(tokens: Uint32Array, targets: Uint32Array, runs: boolean): void {
    const { device, shape } = this.model;
    const { activations } = this.plans;
    device.write(activations.tokens, tokens);
    device.write(activations.targets, targets);
    device.write(activations.starts, new Uint32Array(tokens.length));
    device.write(activations.weights, new Float32Array(tokens.length).fill(1));
    if (runs) device.write(activations.runs, tokenRuns(tokens, shape.vocabularySize));
  }

  /** One coefficient a sequence, the same for every group and sum. */
  writeCoefficients(coefficients: readonly number[]): void {
    const { coefficientStride: stride, coefficients: buffer } = this.plans.buffers;
    const values = new Float32Array(this.vectors.length * this.model.groups.length * stride);
    values.forEach((_, i) => values[i] = (coefficients[i % stride] ?? 0) / this.batch.length);
    this.model.device.write(buffer, values);
  }

  /** Starts a pass over the batch: its results as the device has them, or nothing once it has added to the sums. */
  run(work: InfluenceWork, plan: Plan): Promise<ArrayBuffer | void> {
    const { device } = this.model;
    plan.submit();
    const done = work === "sums" ? device.settled() : device.read(this.plans.buffers.results);
    plan.prepare();
    return done;
  }

  /** Results [vectors + 1] × [sequences][groups] of a pass over the batch: products with each vector, then squared norms. */
  async products(): Promise<Float64Array[][]> {
    const { groups } = this.model;
    const { sequences, length } = this.batch;
    const work = "products and norms";
    const raw = new Float32Array(await this.run(work, await this.plan(work)) ?? []);
    const scale = this.lossScale * length;
    return Array.from(
      { length: this.vectors.length + 1 },
      (_, v) =>
        Array.from(
          { length: sequences },
          (_, sequence) =>
            Float64Array.from(groups, (group, i) =>
              (raw[(v * groups.length + i) * sequences + sequence] ?? NaN) / scale /
              (this.vectors[v]?.scale(group) ?? scale)),
        ),
    );
  }

  /** Sets the sums to 0. */
  clear(): void {
    for (const vector of this.vectors) vector.clear.submit();
  }

  /** A sum in the flat order. */
  async readSum(vector: number): Promise<Float32Array> {
    const sum = await this.vectors[vector]?.read() ?? new Float32Array();
    return sum.map((value) => value / this.lossScale);
  }
}
