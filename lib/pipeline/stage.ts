/**
 * Stages: read artefacts, write artefacts, end with a manifest. A finished stage whose manifest still holds is skipped;
 * a changed or damaged one is rebuilt; an unfinished one goes on.
 *
 * A stage works in `runs/RUN/STAGE.partial/` and becomes `runs/RUN/STAGE/` by one rename, manifest included.
 * @module
 */
import { basename, join, relative } from "node:path";
import { exists, fingerprint, isTemporaryFile, writeJson } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { describeMachine } from "../core/machine.ts";
import { formatDuration } from "../core/progress.ts";
import { codeHash } from "./code_hash.ts";
import { HASHES_FILE, KnownHashes } from "./known_hashes.ts";
import { changesOf, type StageBasis } from "./stage_changes.ts";

/** A file that a stage made. */
export interface Output {
  /** Relative to the stage's directory, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What a finished stage says about itself. */
export interface Manifest<Result = unknown> {
  readonly stage: string;
  /** Hash of recipe, inputs and code: equal fingerprints make equal outputs. */
  readonly fingerprint: string;
  /** The settings that the stage depends on. */
  readonly recipe: unknown;
  /** Digest of every stage that it read. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly code: string;
  readonly outputs: readonly Output[];
  /** Hash of the outputs, files with timings aside: what the next stages depend on. */
  readonly digest: string;
  readonly result: Result;
  readonly finishedAt: string;
  /** What it ran on last, for people. */
  readonly machine: string;
  /** Wall time over all sittings of the stage. */
  readonly seconds: number;
}

/** What a stage's work gets. */
export interface StageContext {
  /** Where it writes; on a resume, with what it had written. */
  readonly directory: string;
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/** A unit of work. */
export interface Stage<Result> {
  /** Its directory in the run. */
  readonly name: string;
  /** The settings it depends on, as JSON. */
  readonly recipe: unknown;
  /** Digests of the artefacts it reads, by name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Its modules, workers and binaries. */
  readonly code: readonly URL[];
  /** Whether `run` goes on from what an interrupted sitting left; otherwise it starts over. */
  readonly resumable: boolean;
  /** Names of files, in whatever folder, that contain timings: checked for damage, but no reason to rebuild what follows. */
  readonly timed: readonly string[];
  /** Does the work; what it returns goes into the manifest. */
  run(context: StageContext): Promise<Result>;
}

/** How stages run. */
export interface RunSettings {
  /** `runs/NAME`. */
  readonly root: string;
  /** Begins unfinished stages anew, whatever they belong to. */
  readonly restart: boolean;
  readonly signal: AbortSignal;
}

/** A stage that is done. */
export interface FinishedStage<Result> {
  readonly manifest: Manifest<Result>;
  readonly directory: string;
  /** Nothing had to be done. */
  readonly skipped: boolean;
}

const MANIFEST = "manifest.json";
const SITTING = "sitting.json";

/** Files of a stage's directory that are no outputs. */
const OWN_FILES: readonly string[] = [MANIFEST, SITTING, HASHES_FILE];

async function listOutputs(directory: string): Promise<Output[]> {
  const outputs: Output[] = [];
  const hashes = await KnownHashes.open(directory);
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) await walk(path);
      else if (folder !== directory || !OWN_FILES.includes(entry.name)) {
        const output = relative(directory, path).replaceAll("\\", "/");
        outputs.push({ path: output, ...await hashes.hash(output) });
      }
    }
  };
  await walk(directory);
  await hashes.save();
  return outputs.sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * Why a finished stage cannot be used, or its manifest where it can.
 *
 * @param objection What is wrong with a manifest; undefined: nothing.
 */
export async function checkFinished<Result>(
  directory: string,
  objection: (manifest: Manifest<Result>) => string | undefined,
): Promise<{ manifest: Manifest<Result> } | { reason: string }> {
  let manifest: Manifest<Result>;
  try {
    manifest = JSON.parse(await Deno.readTextFile(join(directory, MANIFEST)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { reason: "not there" };
    if (error instanceof SyntaxError) return { reason: "its manifest is damaged" };
    throw error;
  }
  const reason = objection(manifest);
  if (reason !== undefined) return { reason };
  const found = new Map((await listOutputs(directory)).map((output) => [output.path, output.sha256]));
  for (const { path, sha256 } of manifest.outputs) {
    const actual = found.get(path);
    if (actual === undefined) return { reason: `${path} is missing` };
    if (actual !== sha256) return { reason: `${path} was altered` };
  }
  return { manifest };
}

/** Objects to a manifest with another fingerprint. */
function expecting(expected: string): (manifest: Manifest) => string | undefined {
  return ({ fingerprint }) => fingerprint === expected ? undefined : "its recipe, inputs or code changed";
}

/** What an unfinished stage was begun with, and the time that its earlier sittings took. */
interface Sitting extends StageBasis {
  readonly fingerprint: string;
  readonly seconds: number;
}

async function readSitting(partial: string): Promise<Sitting | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(join(partial, SITTING)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes a stage that has made nothing: it was refused before it began. */
async function removeUnlessBegun(partial: string): Promise<void> {
  if ((await listOutputs(partial)).length === 0) await Deno.remove(partial, { recursive: true });
}

/** Removes files that a killed sitting was writing. */
async function removeTemporaryFiles(folder: string): Promise<void> {
  for (const { name, isDirectory } of await Array.fromAsync(Deno.readDir(folder))) {
    if (isDirectory) await removeTemporaryFiles(join(folder, name));
    else if (isTemporaryFile(name)) await Deno.remove(join(folder, name));
  }
}

/** Puts a finished stage in its place. */
async function publish(partial: string, directory: string): Promise<void> {
  if (await exists(join(partial, SITTING))) await Deno.remove(join(partial, SITTING));
  if (await exists(directory)) await Deno.remove(directory, { recursive: true });
  await Deno.rename(partial, directory);
}

function fingerprintOf({ name, recipe, inputs }: Stage<unknown>, code: string): string {
  return fingerprint({ stage: name, recipe, inputs, code });
}

/** A stage that is done and still holds; undefined where it is not. Runs nothing. */
export async function findStage<Result>(
  stage: Stage<Result>,
  { root }: Pick<RunSettings, "root">,
): Promise<FinishedStage<Result> | undefined> {
  const directory = join(root, stage.name);
  const found = await checkFinished<Result>(
    directory,
    expecting(fingerprintOf(stage, await codeHash(stage.code))),
  );
  return "manifest" in found ? { manifest: found.manifest, directory, skipped: true } : undefined;
}

/**
 * Runs a stage, or finds that it is done.
 *
 * @throws {UsageError} where an unfinished, resumable stage belongs to another recipe, other data or other code, naming what
 * changed, and `restart` is off. Nothing stays of a stage that fails before it has made anything.
 */
export async function runStage<Result>(
  stage: Stage<Result>,
  settings: RunSettings,
): Promise<FinishedStage<Result>> {
  const directory = join(settings.root, stage.name);
  const partial = `${directory}.partial`;
  const code = await codeHash(stage.code);
  const expected = fingerprintOf(stage, code);
  const basis: StageBasis = { recipe: stage.recipe, inputs: stage.inputs, code };

  const finished = await checkFinished<Result>(directory, expecting(expected));
  if ("manifest" in finished) {
    console.error(`${stage.name}: done before, skipped`);
    return { manifest: finished.manifest, directory, skipped: true };
  }
  settings.signal.throwIfAborted();
  // A crash may have come between the manifest and the rename.
  const unpublished = await checkFinished<Result>(partial, expecting(expected));
  if ("manifest" in unpublished) {
    await publish(partial, directory);
    return { manifest: unpublished.manifest, directory, skipped: false };
  }
  if (finished.reason !== "not there") console.error(`${stage.name}: ${finished.reason}, rebuilding`);

  const sitting = await readSitting(partial);
  const goesOn = sitting !== undefined && stage.resumable && !settings.restart;
  if (goesOn && sitting.fingerprint !== expected) {
    throw new UsageError(
      `${partial} is unfinished and was begun with ${
        changesOf(sitting, basis).join(", ")
      }; --restart begins the stage anew.`,
    );
  }
  if (!goesOn && await exists(partial)) await Deno.remove(partial, { recursive: true });
  const before = goesOn ? sitting.seconds : 0;
  const writeSitting = (seconds: number) =>
    writeJson(join(partial, SITTING), { ...basis, fingerprint: expected, seconds } satisfies Sitting);
  await writeSitting(before);
  if (goesOn) {
    await removeTemporaryFiles(partial);
    console.error(`${stage.name}: going on where it stopped`);
  }

  const started = performance.now();
  const seconds = () => before + (performance.now() - started) / 1000;
  let result: Result;
  try {
    result = await stage.run({ directory: partial, fingerprint: expected, signal: settings.signal });
  } catch (error) {
    // On a full disk this fails too; what went wrong first is what is told.
    await writeSitting(seconds()).catch(() => {});
    await removeUnlessBegun(partial);
    throw error;
  }
  const outputs = await listOutputs(partial);
  const manifest: Manifest<Result> = {
    stage: stage.name,
    fingerprint: expected,
    recipe: stage.recipe,
    inputs: stage.inputs,
    code,
    outputs,
    digest: fingerprint(outputs.filter(({ path }) => !stage.timed.includes(basename(path)))),
    result,
    finishedAt: new Date().toISOString(),
    machine: describeMachine(),
    seconds: seconds(),
  };
  await writeJson(join(partial, MANIFEST), manifest);
  await publish(partial, directory);
  console.error(`${stage.name}: done in ${formatDuration(manifest.seconds)}`);
  return { manifest, directory, skipped: false };
}
