/**
 * Processes that graders need, started when one first asks.
 * @module
 */
import { MathematicsGrader } from "./mathematics/grade.ts";
import { type Language, openSandbox, type Sandbox } from "./sandbox/sandbox.ts";

/** One sandbox a language, and one algebra system, for as long as an evaluation runs. */
export class Sandboxes implements AsyncDisposable {
  /** Compares mathematical answers. */
  readonly mathematics = new MathematicsGrader();
  readonly #open = new Map<Language, Promise<Sandbox>>();

  /** The sandbox of a language, the same at every call. */
  of(language: Language): Promise<Sandbox> {
    const sandbox = this.#open.get(language) ?? openSandbox({ language });
    this.#open.set(language, sandbox);
    return sandbox;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mathematics[Symbol.asyncDispose]();
    for (const opened of await Promise.allSettled(this.#open.values())) {
      if (opened.status === "fulfilled") await opened.value[Symbol.asyncDispose]();
    }
  }
}
