/**
 * Compiles assembly/ to the committed modules build/relaxed.wasm and build/simd.wasm.
 *
 *     deno run -A kernels/wasm/build.ts            compile
 *     deno run -A kernels/wasm/build.ts --check    only say whether the committed modules are up to date
 *
 * @module
 */
import asc from "assemblyscript/asc";
import type { Variant } from "./module.ts";

const VARIANTS: readonly Variant[] = ["relaxed", "simd"];

/**
 * Compiles a build from assembly/.
 *
 * Level 2 and no higher: at level 3 Binaryen nests the multiply-adds of the product's two depths, so that more vectors
 * are alive than there are registers, and the kernel loses a third of its speed.
 */
export async function buildKernels(variant: Variant): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  const options = [
    "index.ts",
    "--outFile=kernels.wasm",
    "--optimizeLevel=2",
    "--shrinkLevel=0",
    "--noAssert",
    "--runtime=stub",
    "--use=abort=",
    "--importMemory",
    "--sharedMemory",
    "--initialMemory=1",
    "--maximumMemory=65536",
    "--enable=threads",
    "--enable=simd",
    ...(variant === "relaxed" ? ["--enable=relaxed-simd"] : []),
  ];
  const { error, stderr } = await asc.main(options, {
    readFile: async (name) => {
      try {
        return await Deno.readTextFile(new URL(`./assembly/${name}`, import.meta.url));
      } catch (cause) {
        if (cause instanceof Deno.errors.NotFound) return null;
        throw cause;
      }
    },
    writeFile: (_name, contents) => {
      if (contents instanceof Uint8Array) bytes = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || bytes === undefined) {
    throw new Error(`The kernels do not compile.\n${stderr}`, { cause: error });
  }
  return bytes;
}

/** Where a compiled build is committed. */
export function buildUrl(variant: Variant): URL {
  return new URL(`./build/${variant}.wasm`, import.meta.url);
}

if (import.meta.main) {
  for (const variant of VARIANTS) {
    const fresh = await buildKernels(variant);
    if (!Deno.args.includes("--check")) {
      await Deno.writeFile(buildUrl(variant), fresh);
      console.log(`${variant}.wasm: ${fresh.length} bytes`);
    } else {
      const committed = await Deno.readFile(buildUrl(variant));
      const same = committed.length === fresh.length && committed.every((byte, i) => byte === fresh[i]);
      if (!same) throw new Error(`kernels/wasm/build/${variant}.wasm is not what assembly/ compiles to.`);
    }
  }
}
