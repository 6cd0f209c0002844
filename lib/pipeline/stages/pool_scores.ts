/**
 * The influence of a pool on probes, such that a killed stage goes on where it was: the probes' vectors are kept once they are there,
 * the candidates' scores batch by batch. The same bits as `dataInf` in one go.
 *
 * What is lost is at most a probe's gradient, or the two passes over the candidates between the gradients and H⁻¹v.
 * @module
 */
import { join } from "node:path";
import type { TokenBatch } from "../../backends/backend.ts";
import type { InfluenceBackend } from "../../backends/influence.ts";
import { exists } from "../../core/artefacts.ts";
import { SafetensorsFile, writeSafetensors } from "../../core/safetensors.ts";
import { AppendLog } from "../../curation/append_log.ts";
import {
  candidateScores,
  type InfluenceProbe,
  inverseHessianProducts,
  meanGradient,
  type ProbeInfluence,
} from "../../mixture/datainf.ts";

/** The scores of every candidate on a probe. */
export type PoolInfluence = Pick<ProbeInfluence, "probe" | "influence">;

/**
 * Scores all candidates for all probes.
 *
 * @param backend With the model's weights.
 * @param directory What is there is of the same model, probes and candidates; the caller removes it once it has what it wanted.
 * @throws As `dataInf`.
 * @throws {InterruptedError} on the signal; what was scored is kept.
 */
export async function scorePoolResumably(
  backend: InfluenceBackend,
  probes: readonly InfluenceProbe[],
  candidates: readonly TokenBatch[],
  directory: string,
  signal: AbortSignal,
): Promise<PoolInfluence[]> {
  const vectors = await remembered(join(directory, "vectors.safetensors"), async () => {
    const gradients: Float32Array[] = [];
    for (const [i, probe] of probes.entries()) {
      signal.throwIfAborted();
      const [gradient] = await remembered(
        join(directory, `gradient-${i}.safetensors`),
        async () => [await meanGradient(backend, probe)],
      );
      gradients.push(gradient as Float32Array); // One was put there.
    }
    return (await inverseHessianProducts(backend, gradients, interruptible(candidates, signal))).vectors;
  });

  const log = await AppendLog.open<number[][]>(join(directory, "scores.jsonl"), "influence");
  const scores = probes.map((): number[] => []);
  const add = (found: readonly ArrayLike<number>[]) =>
    found.forEach((values, probe) => scores[probe]?.push(...Array.from(values)));
  let done = 0;
  for await (const found of log.entries()) {
    add(found);
    done++;
  }
  const rest = interruptible(candidates.slice(done), signal);
  for await (const found of candidateScores(backend, vectors, rest, scores[0]?.length)) {
    log.append([found.map((values) => [...values])]);
    add(found);
  }
  return probes.map(({ name }, i) => ({ probe: name, influence: Float64Array.from(scores[i] ?? []) }));
}

/** The vectors that a file has, or else those that are computed and then put there. */
async function remembered(
  path: string,
  compute: () => Promise<readonly Float32Array[]>,
): Promise<readonly Float32Array[]> {
  if (await exists(path)) {
    using file = await SafetensorsFile.open(path);
    return await Promise.all(
      Array.from({ length: Number(file.metadata["count"]) }, (_, i) => file.readFloat32(String(i))),
    );
  }
  const vectors = await compute();
  const tensors = vectors.map((data, i) =>
    [String(i), { dtype: "F32" as const, shape: [data.length], data }] as const
  );
  await writeSafetensors(path, new Map(tensors), { count: String(vectors.length) });
  return vectors;
}

/** The same each time it is read, until the signal aborts. */
function interruptible<T>(items: readonly T[], signal: AbortSignal): Iterable<T> {
  return {
    *[Symbol.iterator]() {
      for (const item of items) {
        signal.throwIfAborted();
        yield item;
      }
    },
  };
}
