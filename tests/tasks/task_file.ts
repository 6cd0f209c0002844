/**
 * Tasks in processes of their own.
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Ended } from "../core/subprocess.ts";

/** Starts tasks/NAME.ts in a folder. */
export function startTaskFile(name: string, folder: string, ...flags: string[]): Deno.ChildProcess {
  const path = fileURLToPath(new URL(`../../tasks/${name}.ts`, import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", path, ...flags],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs it to its end. */
export async function runTaskFile(name: string, folder: string, ...flags: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await startTaskFile(name, folder, ...flags).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
