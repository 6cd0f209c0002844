/**
 * What is on this machine: what the project needs, what it can use, and the one command that brings what is missing.
 * @module
 */
import { PROBES } from "./environment_probes.ts";

/** A part of the environment. */
export interface Component {
  readonly name: string;
  readonly found: boolean;
  /** Version, name or amount. */
  readonly detail: string;
  /** What the project does with it. */
  readonly enables: string;
  /** The one command that installs it; `null` where it is there. */
  readonly install: string | null;
  /** Whether the demo needs it. */
  readonly needed: boolean;
}

/**
 * Looks at everything. Probes run at the same time, each with a time limit; whatever could take the process down with it
 * (drivers, native libraries, other programs) runs in a process of its own.
 *
 * @param root The project's root directory.
 */
export function inspectEnvironment(root: string): Promise<Component[]> {
  return Promise.all(PROBES.map(async ({ name, enables, install, needed, find }) => {
    const detail = await find(root);
    return {
      name,
      found: detail !== null,
      detail: detail ?? "not found",
      enables,
      install: detail === null ? install : null,
      needed,
    };
  }));
}

/**
 * The components as a table; under each missing one, what it would bring and how to get it.
 *
 * @example
 * ```ts
 * import { environmentTable } from "./environment.ts";
 * import assert from "node:assert/strict";
 * assert.equal(
 *   environmentTable([{
 *     name: "BLAS", found: false, detail: "not found", enables: "faster products", install: "apt-get install -y blas", needed: false,
 *   }]),
 *   "–  BLAS  not found; for faster products:\n         apt-get install -y blas",
 * );
 * ```
 */
export function environmentTable(components: readonly Component[]): string {
  const width = Math.max(...components.map(({ name }) => name.length));
  return components.map(({ name, found, detail, enables, install }) => {
    const line = `${found ? "✓" : "–"}  ${name.padEnd(width)}  ${detail}`;
    return found ? line : `${line}; for ${enables}:\n${" ".repeat(width + 5)}${install}`;
  }).join("\n");
}
