/**
 * What a program says first, in a process of its own: whatever could take a process down, or hang, is asked this way.
 * @module
 */
import { runProcess } from "./subprocess.ts";

/** Importing PyTorch from a cold disk takes longest. */
const SECONDS = 30;

/** The first line that a program prints; null where there is no such program, or it fails, is silent or takes too long. */
export function firstLine(command: string, ...args: string[]): Promise<string | null> {
  return answer(command, args);
}

/** Runs a piece of TypeScript in the project's root; its answer is the first line it prints. */
export function runScript(root: string, code: string): Promise<string | null> {
  return answer(Deno.execPath(), ["run", "-A", "--no-check", "--quiet", "--no-lock", "-"], root, code);
}

async function answer(command: string, args: string[], cwd?: string, input?: string): Promise<string | null> {
  const result = await runProcess(command, args, {
    seconds: SECONDS,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
  });
  return result?.code === 0 && result.stdout !== "" ? result.stdout.split("\n")[0] ?? null : null;
}
