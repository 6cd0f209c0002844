/**
 * A model on a device: its parameters, a plan for each shape of batch, and the update.
 *
 * A step is `begin`, `forward` and `loss` of each micro-batch, `measure` and `update`: a fixed list of dispatches over buffers made once, with
 * no readback but the report.
 * @module
 */
import type { Device } from "../device/device.ts";
import {
  adamw,
  castWeights,
  finishReport,
  REPORT_LENGTH,
  SETTINGS_LENGTH,
  SQUARES,
  squares,
} from "../ops/adamw.ts";
import { Plan } from "./plan.ts";
import { Activations, type BatchShape } from "./transformer_activations.ts";
import { backwardDispatches } from "./transformer_backward.ts";
import { clear } from "../ops/reduce.ts";
import { type Context, forwardDispatches, inOrder, type Pending } from "./transformer_forward.ts";
import { headDispatches, logitsDispatches } from "./transformer_head.ts";
import { ParameterBuffers, type TransformerShape } from "./transformer_parameters.ts";

/** The plans of one shape of batch. */
export interface BatchPlan {
  readonly activations: Activations;
  /** Tokens → hidden states. */
  readonly forward: Plan;
  /** Hidden states → losses, with a training shape also all gradients, added to what is there. */
  readonly loss: Plan;
  /** Hidden states → logits of `count` rows from row `first` on, `step` rows apart. */
  logits(first: number, count: number, step: number): Promise<Plan>;
}

/** Most batch shapes that keep their buffers. */
const MOST_PLANS = 4;

/** A model, its optimizer's state and its plans on one device. */
export class TransformerModel {
  readonly parameters: ParameterBuffers;
  /** `SETTINGS` of the step. */
  readonly settings: GPUBuffer;
  /** `REPORT` of the step. */
  readonly report: GPUBuffer;
  readonly #plans = new Map<string, BatchPlan>();

  private constructor(
    readonly device: Device,
    readonly shape: TransformerShape,
    parameters: ParameterBuffers,
    scalars: { settings: GPUBuffer; report: GPUBuffer },
    /** Clears gradient and report. */
    readonly begin: Plan,
    /** Gradient → report. */
    readonly measure: Plan,
    /** AdamW, where the report says that all is finite. */
    readonly update: Plan,
    /** Weights → their f16 copy; null on the f32 tier. */
    readonly cast: Plan | null,
  ) {
    this.parameters = parameters;
    this.settings = scalars.settings;
    this.report = scalars.report;
  }

  /**
   * A model whose parameters are all 0.
   *
   * @param arrays weights: without gradient and moments, for `forward`, the loss of a shape that does not train, and `logits`.
   */
  static async create(
    device: Device,
    shape: TransformerShape,
    arrays: "all" | "weights" = "all",
  ): Promise<TransformerModel> {
    const parameters = new ParameterBuffers(device, shape, arrays);
    const { segments } = parameters.places;
    const settings = device.buffer("settings", 4 * SETTINGS_LENGTH);
    const report = device.buffer("report", 4 * REPORT_LENGTH);
    const parts = device.buffer("squares", 4 * SQUARES * segments.length);
    const begin: Pending[] = [clear(device, "clear", REPORT_LENGTH, report)];
    const measure: Pending[] = [];
    for (const [i, gradient] of parameters.gradient.entries()) {
      // There is a number of elements for each segment.
      const count = segments[i] as number;
      begin.push(clear(device, "clear", count, gradient));
      measure.push(
        squares(device, "gradient norm", count, {
          gradient,
          settings,
          parts: { buffer: parts, offset: 4 * SQUARES * i, size: 4 * SQUARES },
        }),
      );
    }
    measure.push(
      finishReport(device, "report", SQUARES * segments.length, { parts, settings, report }),
    );
    const update: Pending[] = [];
    for (const run of arrays === "all" ? parameters.places.runs : []) {
      update.push(
        adamw(device, "adamw", run.size, run.kind, {
          weights: parameters.binding("weights", run),
          firstMoment: parameters.binding("firstMoment", run),
          secondMoment: parameters.binding("secondMoment", run),
          gradient: parameters.binding("gradient", run),
          settings,
          report,
          ...(parameters.element === "f16" && { working: parameters.workingBinding(run) }),
        }),
      );
    }
    const cast: Pending[] = [];
    if (parameters.element === "f16") {
      for (const [i, weights] of parameters.weights.entries()) {
        // There are as many copies, and a number of elements for each.
        const working = parameters.working[i] as GPUBuffer;
        cast.push(castWeights(device, "cast", segments[i] as number, { weights, working }));
      }
    }
    return new TransformerModel(
      device,
      shape,
      parameters,
      { settings, report },
      new Plan(device, await inOrder(begin)),
      new Plan(device, await inOrder(measure)),
      new Plan(device, await inOrder(update)),
      cast.length === 0 ? null : new Plan(device, await inOrder(cast)),
    );
  }

  /** The plans of a shape of batch; made once, kept until four other shapes have been used since. */
  async plan(batch: BatchShape): Promise<BatchPlan> {
    const key = JSON.stringify(batch);
    let plan = this.#plans.get(key);
    this.#plans.delete(key);
    if (plan === undefined) {
      const [oldest] = this.#plans;
      if (oldest !== undefined && this.#plans.size >= MOST_PLANS) {
        this.#plans.delete(oldest[0]);
        oldest[1].activations.destroy();
      }
      plan = await this.#makePlan(batch);
    }
    this.#plans.set(key, plan);
    return plan;
  }

  async #makePlan(batch: BatchShape): Promise<BatchPlan> {
    const { device, shape, parameters, settings, report } = this;
    const activations = new Activations(device, shape, batch);
    const context: Context = { device, shape, batch, parameters, activations };
    const loss = batch.training
      ? [headDispatches(context, { settings, report }), backwardDispatches(context)]
      : [headDispatches(context, null)];
    const [forward, afterwards] = await Promise.all([forwardDispatches(context), inOrder(loss)]);
    return {
      activations,
      forward: new Plan(device, forward),
      loss: new Plan(device, afterwards),
      logits: async (first, count, step) =>
        new Plan(device, await logitsDispatches(context, { first, count }, step)),
    };
  }
}
