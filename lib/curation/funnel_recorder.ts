/**
 * The funnel as it is made: what each step leaves, and what it cost.
 * @module
 */
import type { FunnelRow, FunnelStep } from "./funnel.ts";
import type { Remainder, Survivors } from "./survivors.ts";

/** Runs the steps and notes them. */
export class FunnelRecorder {
  readonly rows: FunnelRow[] = [];

  constructor(
    private readonly sources: readonly string[],
    private readonly survivors: Survivors,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Runs a step for one source. */
  async timed(step: FunnelStep, source: string, work: () => Promise<string | null>): Promise<void> {
    this.signal?.throwIfAborted();
    const started = performance.now();
    const note = await work();
    await this.record(step, source, (performance.now() - started) / 1000, note);
  }

  /** Runs a step over all sources. */
  async timedTogether(step: FunnelStep, work: () => Promise<void>): Promise<void> {
    this.signal?.throwIfAborted();
    const { sources } = this;
    const before = await this.remainders();
    const all = before.reduce((sum, { documents }) => sum + documents, 0);
    const started = performance.now();
    await work();
    const seconds = (performance.now() - started) / 1000;
    for (const [i, source] of sources.entries()) {
      const had = before[i]?.documents ?? 0;
      const { documents } = await this.survivors.remainder(source);
      const note = had > 0 && documents === 0 ? "nothing is left" : null;
      await this.record(step, source, seconds * had / Math.max(1, all), note);
    }
  }

  /** What is left of each source. */
  remainders(): Promise<Remainder[]> {
    return Promise.all(this.sources.map((source) => this.survivors.remainder(source)));
  }

  /** Notes what is left of a source. */
  async record(step: FunnelStep, source: string, seconds: number, note: string | null): Promise<void> {
    this.rows.push({ source, step, ...await this.survivors.remainder(source), seconds, note });
  }
}
