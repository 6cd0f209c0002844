/**
 * Sandboxes that are started when a grader first asks for one.
 * @module
 */
import { type Language, openSandbox, type Sandbox } from "./sandbox/sandbox.ts";

/** One sandbox a language, for as long as an evaluation runs. */
export class Sandboxes implements AsyncDisposable {
  readonly #open = new Map<Language, Promise<Sandbox>>();

  /** The sandbox of a language, the same at every call. */
  of(language: Language): Promise<Sandbox> {
    const sandbox = this.#open.get(language) ?? openSandbox({ language });
    this.#open.set(language, sandbox);
    return sandbox;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of await Promise.allSettled(this.#open.values())) {
      if (opened.status === "fulfilled") await opened.value[Symbol.asyncDispose]();
    }
  }
}
