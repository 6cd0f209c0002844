/**
 * A model on a device for influence: its weights, vectors in their shape, and a plan for each shape of batch and kind of work.
 *
 * There are no moments and no gradient: a vector takes the room of one of them, and on the f16 tiers half as much again.
 * @module
 */
import type { Device } from "../device/device.ts";
import { OutOfDeviceMemoryError } from "../device/errors.ts";
import { castWeights, REPORT_LENGTH } from "../ops/adamw.ts";
import { InfluenceBuffers, InfluenceVector } from "./influence_buffers.ts";
import { type InfluenceGroup, influenceGroups, type InfluenceTensors } from "./influence_groups.ts";
import type { InfluenceContext } from "./influence_passes.ts";
import { influenceProductDispatches } from "./influence_products.ts";
import { influenceSumDispatches } from "./influence_sums.ts";
import { Plan } from "./plan.ts";
import { Activations, type BatchShape } from "./transformer_activations.ts";
import { inOrder } from "./transformer_forward.ts";
import { ParameterBuffers, type TransformerShape } from "./transformer_parameters.ts";

/** What is computed of a batch. */
export type InfluenceWork = "products" | "products and norms" | "sums";

/** Sequences of one length. */
export type InfluenceBatch = Pick<BatchShape, "sequences" | "length">;

/** The buffers of one shape of batch, and a plan for each kind of work with them. */
export interface InfluenceBatchPlans {
  readonly activations: Activations;
  readonly buffers: InfluenceBuffers;
  /** Everything from tokens to results or sums: one submission. */
  plan(work: InfluenceWork): Promise<Plan>;
}

/** What batches of one shape share. */
interface ShapeBuffers {
  readonly activations: Activations;
  /** By the number of vectors. */
  readonly plans: Map<number, InfluenceBatchPlans>;
}

/** Most shapes of batches that keep their buffers: a probe's and the candidates', and a last, smaller batch of each. */
const MOST_SHAPES = 4;

/** A model and vectors on one device. */
export class InfluenceModel {
  readonly parameters: ParameterBuffers;
  readonly groups: readonly InfluenceGroup[];
  /** The loss scale. */
  readonly settings: GPUBuffer;
  readonly #report: GPUBuffer;
  readonly #vectors: InfluenceVector[] = [];
  readonly #shapes = new Map<string, ShapeBuffers>();

  private constructor(
    readonly device: Device,
    readonly shape: TransformerShape,
    parameters: ParameterBuffers,
    tensors: InfluenceTensors,
    /** Weights → their f16 copy; null on the f32 tier. */
    readonly cast: Plan | null,
  ) {
    this.parameters = parameters;
    this.groups = influenceGroups(shape, parameters.places, tensors);
    this.settings = device.buffer("settings", 4);
    this.#report = device.buffer("report", 4 * REPORT_LENGTH);
  }

  /** A model whose weights are all 0. */
  static async create(
    device: Device,
    shape: TransformerShape,
    tensors: InfluenceTensors,
  ): Promise<InfluenceModel> {
    const parameters = new ParameterBuffers(device, shape, "weights");
    const casts = parameters.element === "f32" ? [] : parameters.weights.map((weights, i) =>
      // There is a copy and a number of elements for each segment.
      castWeights(device, "cast", parameters.places.segments[i] as number, {
        weights,
        working: parameters.working[i] as GPUBuffer,
      })
    );
    const cast = casts.length === 0 ? null : new Plan(device, await inOrder(casts));
    return new InfluenceModel(device, shape, parameters, tensors, cast);
  }

  /** The first `count` vectors, made where they do not exist yet. */
  async vectors(count: number): Promise<readonly InfluenceVector[]> {
    while (this.#vectors.length < count) {
      this.#vectors.push(await InfluenceVector.create(this.device, this.shape, this.groups));
    }
    return this.#vectors.slice(0, count);
  }

  /**
   * The plans of a shape of batch for so many vectors; kept until four other shapes have been used since.
   *
   * @throws {OutOfDeviceMemoryError} where the logits of a sequence exceed what one binding holds.
   */
  async plans(batch: InfluenceBatch, vectorCount: number): Promise<InfluenceBatchPlans> {
    const { activations, plans } = this.#shapeBuffers(batch);
    const found = plans.get(vectorCount) ?? this.#make(batch, activations, await this.vectors(vectorCount));
    plans.set(vectorCount, found);
    return found;
  }

  #shapeBuffers(batch: InfluenceBatch): ShapeBuffers {
    const key = `${batch.sequences} × ${batch.length}`;
    let found = this.#shapes.get(key);
    this.#shapes.delete(key);
    if (found === undefined) {
      const [oldest] = this.#shapes;
      if (oldest !== undefined && this.#shapes.size >= MOST_SHAPES) {
        this.#shapes.delete(oldest[0]);
        oldest[1].activations.destroy();
        for (const { buffers } of oldest[1].plans.values()) buffers.destroy();
      }
      found = { activations: this.#activate(batch), plans: new Map() };
    }
    this.#shapes.set(key, found);
    return found;
  }

  #activate(batch: InfluenceBatch): Activations {
    const { device, shape } = this;
    const activations = new Activations(device, shape, batchShape(batch));
    const { logits, logitRows } = activations;
    const limit = device.gpu.limits.maxStorageBufferBindingSize;
    if (logits.size > limit) {
      activations.destroy();
      throw new OutOfDeviceMemoryError(
        `The logits of ${logitRows} tokens, whole sequences of ${batch.length}, are more than the ${limit} bytes that ` +
          `one binding of ${device.adapter} holds: shorten the sequences.`,
      );
    }
    return activations;
  }

  #make(
    { sequences, length }: InfluenceBatch,
    activations: Activations,
    vectors: readonly InfluenceVector[],
  ): InfluenceBatchPlans {
    const { device, shape, parameters, groups } = this;
    const batch = batchShape({ sequences, length });
    const buffers = new InfluenceBuffers(device, batch, groups, activations, vectors.length);
    const context: InfluenceContext = {
      device,
      shape,
      batch,
      parameters,
      activations,
      groups,
      vectors,
      buffers,
      scalars: { settings: this.settings, report: this.#report },
    };
    const made = new Map<InfluenceWork, Promise<Plan>>();
    const make = async (work: InfluenceWork) =>
      new Plan(
        device,
        work === "sums"
          ? await influenceSumDispatches(context)
          : await influenceProductDispatches(context, work === "products and norms"),
      );
    return {
      activations,
      buffers,
      plan(work) {
        const plan = made.get(work) ?? make(work);
        made.set(work, plan);
        return plan;
      },
    };
  }
}

function batchShape({ sequences, length }: InfluenceBatch): BatchShape {
  return { sequences, length, training: true, teacher: null, recompute: false, wholeSequences: true };
}
