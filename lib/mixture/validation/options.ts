/**
 * What a validation of influence needs.
 * @module
 */
import type { TrainBackend } from "../../backends/backend.ts";
import type { InfluenceBackend } from "../../backends/influence.ts";
import { UsageError } from "../../core/errors.ts";
import type { ProxyTraining } from "../proxy.ts";
import { DROPPED, type ValidationSettings } from "./report.ts";

/** A document and what it belongs to. */
export interface GroupedDocument {
  /** Source of a candidate, capability of a probe document. */
  readonly group: string;
  /** Token ids, 2 at least. */
  readonly tokens: Uint32Array;
}

/** Everything that a validation needs. */
export interface ValidationOptions {
  /** Of the proxies' config; its state is replaced. */
  readonly train: TrainBackend;
  /** Of the same config. */
  readonly influence: InfluenceBackend;
  /** How long it trains, and so how well the proxies know the candidates, decides how much can be found. */
  readonly training: ProxyTraining;
  /** Training documents of the proxies, of two sources at least. */
  readonly candidates: readonly GroupedDocument[];
  /** None of them is a candidate. */
  readonly probes: readonly GroupedDocument[];
  readonly settings: ValidationSettings;
  /** Of this validation alone. */
  readonly directory: string;
  /** Of what else the bits depend on: code. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/** Groups of documents, in the order in which they first come. */
export function groupsOf(documents: readonly GroupedDocument[]): string[] {
  return [...new Set(documents.map(({ group }) => group))];
}

/** Proxies that a validation trains. */
export function proxiesOf({ candidates, settings: { subsets, seeds } }: ValidationOptions): number {
  // On everything, on halves, without each source, without each tenth.
  return seeds * (1 + subsets + groupsOf(candidates).length + DROPPED.length - 1);
}

/** Checks that a comparison can follow. @throws {UsageError} naming the setting, its value and what was expected. */
export function checkOptions({ candidates, probes, settings }: ValidationOptions): void {
  const least = { length: 1, sequencesPerBatch: 1, checkpoints: 1, probesPerPass: 1, seeds: 2, subsets: 3 };
  for (const [name, minimum] of Object.entries(least)) {
    const value = settings[name as keyof typeof least];
    if (!(Number.isSafeInteger(value) && value >= minimum)) {
      throw new UsageError(`Validation: ${name} is ${value}, expected a whole number from ${minimum}.`);
    }
  }
  if (!(settings.dropShare > 0 && settings.dropShare < 1)) {
    throw new UsageError(`Validation: dropShare is ${settings.dropShare}, expected a share between 0 and 1.`);
  }
  if (probes.length === 0) throw new UsageError("Validation: there are no probe documents.");
  if (groupsOf(candidates).length < 2) {
    throw new UsageError(
      `Validation: the candidates are of ${groupsOf(candidates).length} sources, expected two at least.`,
    );
  }
  const own = new Set(candidates.map(({ tokens }) => tokens.join()));
  const shared = probes.findIndex(({ tokens }) => own.has(tokens.join()));
  if (shared >= 0) throw new UsageError(`Validation: probe document ${shared} is also a candidate.`);
}
