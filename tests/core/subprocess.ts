/**
 * Modules that run in a process of their own, for what a test cannot do in its own: exit codes, signals, standard error.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inDirectory } from "./temporary.ts";

const ROOT = new URL("../../", import.meta.url);

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs TypeScript until it ends.
 *
 * @param source "@/" in it stands for the root of the repository.
 * @param options args: its arguments. signals: sent one by one, each after another line on its standard output.
 */
export async function runModule(
  source: string,
  options: { args?: string[]; signals?: Deno.Signal[] } = {},
): Promise<Ended> {
  const ended: Ended[] = [];
  await inDirectory(async (directory) => {
    const path = join(directory, "module.ts");
    await Deno.writeTextFile(path, source.replaceAll("@/", ROOT.href));
    const config = fileURLToPath(new URL("deno.json", ROOT));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--allow-all",
        "--no-check",
        `--config=${config}`,
        path,
        ...options.args ?? [],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stderr = new Response(child.stderr).text();
    const signals = [...options.signals ?? []];
    let stdout = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += text;
      for (let lines = text.split("\n").length - 1; lines > 0; lines--) {
        const signal = signals.shift();
        if (signal !== undefined) child.kill(signal);
      }
    }
    ended.push({ code: (await child.status).code, stdout, stderr: await stderr });
  });
  const [result] = ended;
  if (result === undefined) throw new Error("The process did not end.");
  return result;
}
