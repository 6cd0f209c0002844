/** A small classifier of FineWeb-Edu's architecture with golden scores, from tests/fixtures/curation/make.py. */
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../sources/temporary_directory.ts";

/** What make.py wrote. */
export const DIRECTORY = fileURLToPath(new URL("../fixtures/curation/education", import.meta.url));

/** A text, and what transformers makes of it. */
export interface Golden {
  readonly text: string;
  readonly ids: readonly number[];
  readonly score: number;
}

export const golden: readonly Golden[] = JSON.parse(await Deno.readTextFile(`${DIRECTORY}/golden.json`));

/** The fixture with some files changed. */
export async function changed(files: Readonly<Record<string, (text: string) => string>>) {
  const copy: Record<string, Uint8Array | string> = {};
  for (const name of ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]) {
    const change = files[name];
    const path = `${DIRECTORY}/${name}`;
    copy[name] = change === undefined ? await Deno.readFile(path) : change(await Deno.readTextFile(path));
  }
  return temporaryDirectory(copy);
}
