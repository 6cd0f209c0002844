/**
 * Runs one JavaScript or TypeScript program (the first argument says which) inside the sandbox.
 *
 * JavaScript runs as Node runs a file without a package: as CommonJS, in sloppy mode, with `require`; where it is not
 * that, as a module. TypeScript is a module, and has `require` too. Nothing is caught here: an exception ends the process as Deno ends it.
 * @module
 */
import { createRequire } from "node:module";
import { receiveJob } from "./host.ts";

const [language] = Deno.args;

// Deno grants a graphics card without asking, and no program here needs a driver.
Reflect.deleteProperty(Navigator.prototype, "gpu");
const require = createRequire("file:///program.js");
Object.defineProperty(globalThis, "require", { value: require, writable: true, configurable: true });

const { program, confirm } = receiveJob();
const script = language === "javascript" ? compileScript(program) : null;
if (script !== null) {
  const module = { exports: {} };
  script.call(module.exports, require, module, module.exports);
} else {
  const source = new TextEncoder().encode(program).toBase64();
  // The promise is awaited before the module's first statement runs, so that its Promise is nobody's but the engine's.
  await import(`data:application/${language};base64,${source}`);
}
confirm();

/** The program as a function of CommonJS' names; null where it is none. */
function compileScript(source: string): ((...values: unknown[]) => unknown) | null {
  try {
    // The only purpose of this process is to run code that nobody has read.
    return new Function("require", "module", "exports", source) as (...values: unknown[]) => unknown;
  } catch {
    return null;
  }
}
