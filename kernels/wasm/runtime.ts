/**
 * The kernels at work: one shared memory, the workers on it, and views of what a caller reads and writes.
 *
 * Workers and builds are found beside this module; a bundle of it needs worker.ts (bundled too) and build/ beside it.
 * @module
 */
import { MEMORY_LIMIT, PAGE_BYTES } from "./memory/arena.ts";
import { type BatchMemory, batchMemory, type Crew } from "./memory/batch.ts";
import { type InfluenceMemory, influenceMemory, type InfluenceShape } from "./memory/influence.ts";
import { type ModelMemory, modelMemory } from "./memory/model.ts";
import { rotaryTable } from "./memory/rotary_table.ts";
import { compileKernels, hasRelaxedSimd, type Variant } from "./module.ts";
import type { Run } from "./plan.ts";
import type { BatchShape, TransformerShape } from "./shape.ts";
import { WorkerPool } from "./pool.ts";
import type { Start } from "./worker.ts";

/** A model's memory and workers. Calls must not overlap. */
export class TransformerRuntime implements Disposable {
  readonly model: ModelMemory;
  #placed: { key: string; memory: BatchMemory } | undefined;

  private constructor(
    readonly shape: TransformerShape,
    readonly variant: Variant,
    readonly memory: WebAssembly.Memory,
    readonly crew: Crew,
    private readonly pool: WorkerPool,
  ) {
    this.model = modelMemory(shape);
  }

  /**
   * Starts the crew's threads.
   *
   * @param choice which build to run; "auto": with relaxed SIMD where the engine has it
   * @throws {MemoryLimitError} where the parameters alone go beyond 4 GiB.
   */
  static async start(
    shape: TransformerShape,
    crew: Crew,
    choice: Variant | "auto",
  ): Promise<TransformerRuntime> {
    const variant = choice === "auto" ? (hasRelaxedSimd() ? "relaxed" : "simd") : choice;
    // A batch of one token finds out whether the model fits at all.
    batchMemory(shape, modelMemory(shape), ONE_TOKEN, crew);
    const module = await compileKernels(variant);
    const pages = Math.ceil(modelMemory(shape).end / PAGE_BYTES);
    const memory = new WebAssembly.Memory({
      initial: pages,
      maximum: MEMORY_LIMIT / PAGE_BYTES,
      shared: true,
    });
    const first = Array.from(
      { length: crew.workers },
      (_, worker): Start => ({ module, memory, shape, crew, worker }),
    );
    const pool = await WorkerPool.start(new URL("./worker.ts", import.meta.url), first);
    return new TransformerRuntime(shape, variant, memory, crew, pool);
  }

  /**
   * Makes room for a batch and lays its rotary table out.
   *
   * @throws {MemoryLimitError} where it does not fit into 4 GiB.
   */
  place(batch: BatchShape): BatchMemory {
    const key = JSON.stringify(batch);
    if (this.#placed?.key === key) return this.#placed.memory;
    const memory = batchMemory(this.shape, this.model, batch, this.crew);
    this.#grow(memory.end);
    const table = rotaryTable(this.shape, batch.length);
    this.floats(memory.rotary, table.length).set(table);
    this.#placed = { key, memory };
    return memory;
  }

  /**
   * Makes room for influence behind a batch.
   *
   * @throws {MemoryLimitError} where it does not fit into 4 GiB.
   */
  placeInfluence(
    batch: BatchShape,
    shape: InfluenceShape,
  ): { memory: BatchMemory; influence: InfluenceMemory } {
    const memory = this.place(batch);
    const influence = influenceMemory(this.shape, this.model, batch, memory, shape, this.crew);
    this.#grow(influence.end);
    return { memory, influence };
  }

  #grow(end: number) {
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, count);
  }

  doubles(address: number, count: number): Float64Array {
    return new Float64Array(this.memory.buffer, address, count);
  }

  words(address: number, count: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, count);
  }

  /** Parameters, gradient or a moment: one float each. */
  parameters(address: number): Float32Array {
    return this.floats(address, this.model.places.count);
  }

  /**
   * Lets all workers run a program; a batch must have been placed before.
   *
   * @throws {WorkerError} where a worker fails, which stops all, or after they were stopped.
   */
  async run(run: Run): Promise<void> {
    await this.pool.run(run);
  }

  /** Stops the workers. */
  [Symbol.dispose]() {
    this.pool[Symbol.dispose]();
  }
}

const ONE_TOKEN: BatchShape = { sequences: 1, length: 1, training: false, teacher: "none", teacherWidth: 0 };
