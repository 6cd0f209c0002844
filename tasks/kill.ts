/** `deno task kill`: kills the training stages at random moments, runs them again, and compares the bits. */
import { runTask, taskCommand } from "../lib/core/command.ts";
import { UsageError } from "../lib/core/errors.ts";
import { KILL_TARGETS, type KillReport, type KillTarget, killTrials } from "../lib/pipeline/kill/trials.ts";

const command = taskCommand("kill", "Kill −9 at random moments of training: does it end with the same bits?")
  .option("--times <number>", "kills of each stage", "20")
  .option("--stage <name>", `one of ${KILL_TARGETS.join(", ")}; without it, all of them`)
  .option("--seed <number>", "the moments are drawn from it", "1");

await runTask<{ times: string; stage?: string; seed: string }>(
  command,
  async (options, { signal, print }) => {
    const [times, seed] = [wholeNumber("--times", options.times), wholeNumber("--seed", options.seed)];
    const targets = options.stage === undefined ? KILL_TARGETS : [targetOf(options.stage)];
    const reports: KillReport[] = [];
    for await (const report of killTrials({ targets, times, seed, signal })) {
      console.error(describe(report));
      reports.push(report);
    }
    print(
      { reports },
      () => `${reports.reduce((sum, { kills }) => sum + kills, 0)} kills, the same bits after each`,
    );
  },
);

function describe({ target, kills, ends, seconds }: KillReport): string {
  return `${target}: killed ${kills} times, came to its end ${ends} times with the same bits (${
    seconds.toFixed(1)
  } s without a kill)`;
}

function targetOf(name: string): KillTarget {
  const found = KILL_TARGETS.find((target) => target === name);
  if (found === undefined) {
    throw new UsageError(`--stage is "${name}", expected one of ${KILL_TARGETS.join(", ")}.`);
  }
  return found;
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`${flag} is "${text}", expected a whole number above 0.`);
  }
  return value;
}
