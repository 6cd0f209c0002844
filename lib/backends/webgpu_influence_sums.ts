/**
 * Weighted sums of gradients on a GPU: batches are added to vectors on the device, a section at a time.
 * @module
 */
import type { InfluenceVector } from "../../kernels/webgpu/plan/influence_buffers.ts";
import type { ParameterSpec } from "../model/config.ts";
import type { WeightedBatch } from "./influence_stream.ts";
import { writeTokenRuns } from "./webgpu_batch.ts";
import { asRunError } from "./webgpu_errors.ts";
import type { InfluenceSection } from "./webgpu_influence_section.ts";
import type { InfluenceSession } from "./webgpu_influence_session.ts";

/** Adds up sections. */
export class InfluenceSums {
  /** The last batch that was added. */
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly session: InfluenceSession,
    private readonly groups: readonly ParameterSpec[],
  ) {}

  /** Adds a batch of a section to the vectors on the device. */
  async add(section: InfluenceSection, { batch, coefficients }: WeightedBatch): Promise<void> {
    const { device } = this.session.model;
    const plans = await this.session.plans(batch, coefficients.length);
    const plan = await asRunError(plans.plan("sums"));
    const { buffers } = plans;
    this.session.write(plans, batch);
    writeTokenRuns(device, plans.activations, batch, this.session.config.vocabularySize);
    device.write(buffers.coefficients, section.scaled({ batch, coefficients }, buffers.coefficientStride));
    plan.submit();
    // The device has two batches at most: its memory for inputs on their way is limited.
    const before = this.#running;
    this.#running = device.settled();
    // It is awaited only after the next batch is queued, whose failure must not leave this one's unhandled.
    this.#running.catch(() => {});
    plan.prepare();
    await asRunError(before);
  }

  /** Adds what a section has come to, computed again with smaller loss scales where it overflows. */
  async finish(
    section: InfluenceSection,
    vectors: readonly InfluenceVector[],
    sums: readonly Float32Array[],
  ): Promise<void> {
    if (section.batches.length === 0) return;
    for (const [v, vector] of vectors.entries()) {
      let part = await asRunError(vector.read());
      while (this.session.lossScale > 1 && !this.#isFinite(part)) {
        this.session.lossScale /= 2;
        vectors.forEach((vector) => vector.clear.submit());
        for (const weighted of section.batches) await this.add(section, weighted);
        part = await asRunError(vector.read());
      }
      const sum = sums[v] as Float32Array; // One vector a sum.
      for (const [group, { offset, size }] of this.groups.entries()) {
        const factor = 1 / (this.session.lossScale * section.scale(v, group));
        for (let i = offset; i < offset + size; i++) {
          sum[i] = (sum[i] as number) + factor * (part[i] as number);
        }
      }
    }
  }

  #isFinite(vector: Float32Array): boolean {
    return this.groups.every(({ offset, size }) => {
      // A sum is not finite where one entry is not; and should finite entries overflow, a smaller scale does no harm.
      let sum = 0;
      for (let i = offset; i < offset + size; i++) sum += vector[i] as number;
      return Number.isFinite(sum);
    });
  }
}
