/**
 * What benchmarks of influence report: its passes beside training on the same candidates.
 * @module
 */

/** Milliseconds for so many candidates. */
export interface InfluenceRow {
  readonly candidates: number;
  readonly training: number;
  /** Passes 2 to 4 of DataInf by the number of probes that share them. */
  readonly influence: Readonly<Record<string, number>>;
}

/** A row for people. */
export function influenceLine({ candidates, training, influence }: InfluenceRow): string {
  const parts = Object.entries(influence).map(([probes, time]) =>
    `${probes} ${probes === "1" ? "probe" : "probes"} ${time.toFixed(0)} (${
      (time / training).toFixed(2)
    } × training)`
  );
  return `${candidates} candidates: training ${training.toFixed(0)}, ${parts.join(", ")}`;
}
