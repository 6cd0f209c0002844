/**
 * What every `deno task` shares: flags through commander, one sentence and an exit code for every error,
 * one JSON object on standard output with `--json`, everything else on standard error.
 * @module
 */
import { Command, CommanderError } from "commander";
import { exitCodeOf } from "./errors.ts";
import { interruptible } from "./interrupt.ts";

/** What a task's action gets beside its flags. */
export interface TaskContext {
  /** Aborts when someone presses Ctrl-C: save, then throw `signal.reason`. */
  readonly signal: AbortSignal;
  /** Prints the result: the object as JSON with `--json`, else the text made from it. */
  print<T>(result: T, toText: (result: T) => string): void;
}

/** A command with the flags that every task has. */
export function taskCommand(name: string, description: string): Command {
  return new Command(name)
    .usage("[options]")
    .description(description)
    .option("--json", "print one JSON object on standard output")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

/**
 * Parses the flags, runs the action, and ends the process: 0 done, 1 failed, 2 bad usage, 130 interrupted with its state saved.
 *
 * @param action Gets commander's parsed options, and the positional arguments.
 */
export async function runTask<Options>(
  command: Command,
  action: (options: Options, context: TaskContext, positional: string[]) => Promise<void>,
): Promise<never> {
  try {
    command.parse(Deno.args, { from: "user" });
    const options = command.opts<Options & { json?: boolean }>();
    await interruptible((signal) =>
      action(options, {
        signal,
        print: (result, toText) => console.log(options.json ? JSON.stringify(result) : toText(result)),
      }, command.args)
    );
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) Deno.exit(0);
      // "Did you mean …?" comes on a line of its own.
      console.error(`${error.message.replace(/^error: /, "").replaceAll("\n", " ")} (see --help)`);
      Deno.exit(2);
    }
    console.error(sentenceOf(error) ?? error);
    Deno.exit(exitCodeOf(error));
  }
  Deno.exit(0);
}

/** An expected error is one sentence; undefined: it is a bug, which shows its stack. */
function sentenceOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (/^(Usage|Run|Interrupted)Error$/.test(error.name)) return error.message;
  if ("code" in error && error.code === "ENOSPC") {
    return `The disk is full (${error.message}); free some space and run the same command again: what was saved is kept.`;
  }
  return undefined;
}
