/**
 * Influence on single probe documents.
 *
 * Each needs an H⁻¹v of its own, a vector as long as the model. So few documents are asked at a time: they share the three passes
 * over the candidates, and beside the model there are so many vectors. Q documents at a time of P cost P/Q · 3 passes and the
 * products of P vectors; larger Q save passes until the products outweigh them, at about 8 on CPUs.
 * @module
 */
import { join } from "node:path";
import type { InfluenceBackend } from "../../backends/influence.ts";
import { exists, fingerprint, writeFileAtomic } from "../../core/artefacts.ts";
import { RunError } from "../../core/errors.ts";
import { loadModel } from "../../model/checkpoint.ts";
import { dataInf, type ProbeInfluence } from "../datainf.ts";
import { documentBatches } from "../documents.ts";

/** Scores at one checkpoint, each [probe document][candidate]. */
export interface CheckpointScores {
  readonly influence: readonly (readonly number[])[];
  readonly gradientProduct: readonly (readonly number[])[];
}

/** Who is scored, for whom, and how. */
export interface Scoring {
  readonly backend: InfluenceBackend;
  /** Token ids. */
  readonly probes: readonly Uint32Array[];
  readonly candidates: readonly Uint32Array[];
  readonly length: number;
  readonly sequencesPerBatch: number;
  readonly probesPerPass: number;
  /** Where the scores of each model are remembered. */
  readonly directory: string;
  /** Of what else the scores depend on: code. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/**
 * Scores of all candidates for each probe document at a model, or those that an earlier call found.
 *
 * @param name Names the file of the scores.
 * @param model Its directory.
 * @throws {RunError} where the file holds others, or a gradient is not finite.
 * @throws {InterruptedError} on the signal, between two groups of probe documents.
 */
export async function scoresAt(scoring: Scoring, name: string, model: string): Promise<CheckpointScores> {
  const { backend, probes, candidates, length, sequencesPerBatch, probesPerPass } = scoring;
  const path = join(scoring.directory, `${name}.json`);
  const own = fingerprint([
    scoring.fingerprint,
    name,
    length,
    sequencesPerBatch,
    [probes, candidates].map((documents) => documents.map((document) => document.join())),
  ]);
  if (await exists(path)) {
    const { fingerprint, ...scores } = JSON.parse(await Deno.readTextFile(path));
    if (fingerprint !== own) throw new RunError(`${path} belongs to other settings, data or code.`);
    return scores;
  }
  await backend.load((await loadModel(model)).weights);
  const { batches } = documentBatches(candidates, length, sequencesPerBatch);
  const results: ProbeInfluence[] = [];
  for (let first = 0; first < probes.length; first += probesPerPass) {
    scoring.signal.throwIfAborted();
    const group = probes.slice(first, first + probesPerPass).map((document, i) => ({
      name: `document ${first + i}`,
      batches: documentBatches([document], length, 1).batches,
    }));
    results.push(...await dataInf(backend, group, batches));
  }
  const scores = {
    influence: results.map(({ influence }) => [...influence]),
    gradientProduct: results.map(({ gradientProduct }) => [...gradientProduct]),
  };
  await writeFileAtomic(path, JSON.stringify({ fingerprint: own, ...scores }));
  return scores;
}
