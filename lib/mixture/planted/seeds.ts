/**
 * Many seeds of the planted truth, each remembered on the disk.
 * @module
 */
import { join } from "node:path";
import { exists, fingerprint, writeJson } from "../../core/artefacts.ts";
import { RunError } from "../../core/errors.ts";
import { formatDuration } from "../../core/progress.ts";
import { type PlantedMachinery, type PlantedSeed, plantedSeed, type PlantedSettings } from "./experiment.ts";

/**
 * Runs seeds 1 … count, or reads those that an earlier call finished; says on standard error how far it is.
 *
 * @throws {RunError} where the directory holds a seed of other settings or code.
 * @throws {InterruptedError} on the signal; the proxies that are trained stay.
 */
export async function plantedSeeds(
  machinery: PlantedMachinery,
  settings: PlantedSettings,
  count: number,
): Promise<PlantedSeed[]> {
  const own = fingerprint([machinery.fingerprint, settings]);
  const started = performance.now();
  const results: PlantedSeed[] = [];
  let run = 0;
  for (let seed = 1; seed <= count; seed++) {
    const path = join(machinery.directory, `seed-${seed}`, "result.json");
    if (await exists(path)) {
      const { fingerprint, result } = JSON.parse(await Deno.readTextFile(path));
      if (fingerprint !== own) {
        throw new RunError(`${path} belongs to other settings or code; --restart begins anew.`);
      }
      results.push(result);
      continue;
    }
    const result = await plantedSeed({ ...machinery, fingerprint: own }, settings, seed);
    await writeJson(path, { fingerprint: own, result });
    results.push(result);
    const seconds = (performance.now() - started) / 1000;
    console.error(
      `Seed ${seed} of ${count} done, ${formatDuration(seconds / ++run * (count - seed))} left at most.`,
    );
  }
  return results;
}
