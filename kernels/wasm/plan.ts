/**
 * The programs that workers run: each a list of phases over buffers laid out once for a batch shape.
 * @module
 */
import type { Multiply } from "./blas.ts";
import { batchMemory, type Crew, type Scratch } from "./memory/batch.ts";
import { influenceMemory, type InfluenceScratch, type InfluenceShape } from "./memory/influence.ts";
import { type ModelMemory, modelMemory } from "./memory/model.ts";
import type { Kernels } from "./kernels.ts";
import { backwardPhases } from "./plan/backward.ts";
import { blasProducts } from "./plan/blas_products.ts";
import { type Context, NO_SETTINGS, type Phase, type Settings } from "./plan/context.ts";
import { forwardPhases } from "./plan/forward.ts";
import { logitPhase, lossPhases } from "./plan/head.ts";
import { influenceProductPhases } from "./plan/influence_products.ts";
import { influenceSumPhases } from "./plan/influence_sums.ts";
import { packedProducts } from "./plan/products.ts";
import { adamwPhase, packingPhase, squaresPhase, type Update } from "./plan/update.ts";
import type { BatchShape, TransformerShape } from "./shape.ts";

/** One thing to do with a batch whose inputs lie in memory. */
export interface BatchRun {
  /**
   * gradient: losses and (added to) the gradient; evaluate: cross-entropies alone; forward: up to the head's input;
   * logits: of rows that `forward` has prepared.
   */
  readonly program: "gradient" | "evaluate" | "forward" | "logits";
  readonly batch: BatchShape;
  readonly settings: Settings;
}

/** One thing to do with the parameters. */
export type ModelRun =
  /** Panels of the weights, after they were replaced. */
  | { readonly program: "pack" }
  /** Σ g² by blocks. */
  | { readonly program: "squares" }
  /** AdamW, then fresh panels. */
  | { readonly program: "update"; readonly update: Update };

/** One thing to do with each sequence's gradient; the batch holds whole logits. */
export interface InfluenceRun {
  /** Products with vectors; those and squared norms; or weighted sums of gradients, which replace the vectors. */
  readonly program: "influence products" | "influence products and norms" | "influence sums";
  readonly batch: BatchShape;
  readonly influence: InfluenceShape;
}

export type Run = BatchRun | ModelRun | InfluenceRun;

/** Builds the phases of one worker; a batch shape's stay until another one comes. */
export class Planner {
  readonly #model: ModelMemory;
  #latest: { key: string; context: Context; programs: Record<BatchRun["program"], Phase[]> } | undefined;
  #latestInfluence: { key: string; phases: Phase[] } | undefined;

  constructor(
    readonly kernels: Kernels,
    readonly memory: WebAssembly.Memory,
    readonly shape: TransformerShape,
    readonly crew: Crew,
    /** Which of the crew this one is. */
    readonly worker: number,
    /** The crew's BLAS, if it has one. */
    readonly multiply?: Multiply,
  ) {
    this.#model = modelMemory(shape);
  }

  phases(run: Run): Phase[] {
    const { kernels } = this;
    const model = this.#model;
    switch (run.program) {
      case "pack":
        return this.#packing();
      case "squares":
        return [squaresPhase(kernels, model)];
      case "update":
        return [adamwPhase(kernels, model, run.update), ...this.#packing()];
      case "influence products":
      case "influence products and norms":
      case "influence sums":
        return this.#influence(run);
      default: {
        const { context, programs } = this.#programs(run.batch);
        context.settings = run.settings;
        return programs[run.program];
      }
    }
  }

  /** A BLAS reads the weights as they are. */
  #packing(): Phase[] {
    return this.multiply === undefined ? [packingPhase(this.kernels, this.#model)] : [];
  }

  #influence(run: InfluenceRun): Phase[] {
    const key = JSON.stringify(run);
    if (this.#latestInfluence?.key !== key) {
      const { program, batch } = run;
      const { context } = this.#programs(batch);
      const influence = influenceMemory(
        this.shape,
        this.#model,
        batch,
        context.memory,
        run.influence,
        this.crew,
      );
      const own = influence.scratch[this.worker] as InfluenceScratch; // One for each worker.
      const all = { ...context, influence, own };
      const phases = program === "influence sums"
        ? influenceSumPhases(all)
        : influenceProductPhases(all, program === "influence products and norms");
      this.#latestInfluence = { key, phases };
    }
    return this.#latestInfluence.phases;
  }

  #programs(batch: BatchShape) {
    const key = JSON.stringify(batch);
    if (this.#latest?.key !== key) {
      const memory = batchMemory(this.shape, this.#model, batch, this.crew);
      const scratch = memory.scratch[this.worker] as Scratch; // One for each worker.
      const { kernels, shape, multiply } = this;
      const products = multiply === undefined
        ? packedProducts(kernels, scratch)
        : blasProducts(multiply, kernels);
      const context = {
        kernels,
        products,
        shape,
        batch,
        model: this.#model,
        memory,
        scratch,
        floats: (at: number, count: number) => new Float32Array(this.memory.buffer, at, count),
        settings: NO_SETTINGS,
      };
      const forward = forwardPhases(context);
      const programs = {
        forward,
        logits: [logitPhase(context)],
        evaluate: [...forward, ...lossPhases(context, false)],
        gradient: batch.training
          ? [...forward, ...lossPhases(context, true), ...backwardPhases(context)]
          : [],
      };
      this.#latest = { key, context, programs };
    }
    return this.#latest;
  }
}
