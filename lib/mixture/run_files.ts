/**
 * Runs from folders of the project: the proxies that a stage trained.
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { exists } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { normaliseShares, type RunTable } from "./run_table.ts";

/** In a stage's folder: the proxies that it trained, their mixtures and losses. */
export const PROXIES_FILE = "proxies.json";

const proxies = z.array(z.object({
  name: z.string(),
  seed: z.number(),
  mixture: z.object({
    name: z.string(),
    method: z.string(),
    tokenizer: z.string().nullable(),
    sources: z.array(z.object({ name: z.string(), weight: z.number().nonnegative() })).min(1),
  }),
  losses: z.array(z.object({
    step: z.number(),
    tokens: z.number(),
    probe: z.string(),
    negativeLogLikelihood: z.number(),
  })).min(1),
}));

type Proxy = z.infer<typeof proxies>[number] & { readonly place: string };

/** The file of a stage's folder, or of the one stage in a run's folder that has one. */
async function proxyFile(folder: string): Promise<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new UsageError(`${folder} is no folder, expected that of a run or of a stage in it.`);
    }
    throw error;
  }
  if (entries.some(({ name }) => name === PROXIES_FILE)) return join(folder, PROXIES_FILE);
  const found: string[] = [];
  for (const { name } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    // An unfinished stage's folder ends in ".partial".
    if (!name.endsWith(".partial") && await exists(join(folder, name, PROXIES_FILE))) found.push(name);
  }
  const [stage, ...others] = found;
  if (stage === undefined) throw new UsageError(`${folder} has no ${PROXIES_FILE}, nor has a stage in it.`);
  if (others.length > 0) {
    // Proxies of different stages need not be comparable.
    throw new UsageError(
      `${folder} has proxies in its stages ${found.join(", ")}: name the stage's folder, like ${
        join(folder, stage)
      }.`,
    );
  }
  return join(folder, stage, PROXIES_FILE);
}

async function readProxies(path: string): Promise<Proxy[]> {
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${path} is no valid JSON: ${error.message}.`);
    throw error;
  }
  const parsed = proxies.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${path}: ${issue?.path.join(".") || "proxies"}: ${issue?.message}.`);
  }
  return parsed.data.map((proxy) => ({ ...proxy, place: `${path}: "${proxy.name}" of seed ${proxy.seed}` }));
}

/** The value that all have; undefined where they differ. */
function common<T>(values: readonly T[]): T | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

/**
 * Reads the proxies of folders: each one's mixture, and its losses at its last step. A source that a mixture does not name has no
 * share in it.
 *
 * @param folders RUN/STAGE, or RUN where one stage alone has proxies.
 * @throws {UsageError} where a folder has no proxies or several stages with some, two are the same, they were not all measured on the same probes after the
 * same tokens, or a loss is missing.
 */
export async function readRunFolders(folders: readonly string[]): Promise<RunTable> {
  const all: Proxy[] = [];
  for (const folder of folders) all.push(...await readProxies(await proxyFile(folder)));
  if (all.length === 0) throw new UsageError(`${folders.join(", ")}: there are no proxies.`);
  const places = new Map<string, string>();
  const sources = [...new Set(all.flatMap(({ mixture }) => mixture.sources.map(({ name }) => name)))];
  const probes = [...new Set(all.flatMap(({ losses }) => losses.map(({ probe }) => probe)))];
  const runs = all.map(({ seed, mixture, losses, place }) => {
    const key = JSON.stringify([mixture.name, seed]), before = places.get(key);
    if (before !== undefined) {
      throw new UsageError(`${place} is the mixture "${mixture.name}" once more, after ${before}.`);
    }
    places.set(key, place);
    const given = sources.map((name) => mixture.sources.find((own) => own.name === name)?.weight ?? 0);
    const last = losses.reduce((a, b) => b.step > a.step ? b : a);
    return {
      place,
      tokens: last.tokens,
      run: {
        name: mixture.name,
        method: mixture.method,
        seed,
        weights: normaliseShares(given, [1], place),
        losses: probes.map((probe) => {
          const loss = losses.find((own) => own.probe === probe && own.step === last.step);
          if (loss === undefined) {
            throw new UsageError(`${place} has no loss of "${probe}" at its last step, ${last.step}.`);
          }
          return loss.negativeLogLikelihood;
        }),
      },
    };
  });
  const [first] = runs, other = runs.find(({ tokens }) => tokens !== first?.tokens);
  if (first !== undefined && other !== undefined) {
    throw new UsageError(
      `${first.place} trained on ${first.tokens} tokens, ${other.place} on ${other.tokens}: only runs of equal length compare.`,
    );
  }
  return {
    sources,
    probes,
    runs: runs.map(({ run }) => run),
    origin: folders.join(", "),
    tokenizer: common(all.map(({ mixture }) => mixture.tokenizer)) ?? null,
    tokenBudget: first?.tokens ?? null,
  };
}
