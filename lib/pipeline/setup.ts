/**
 * What the tests need beyond Deno: the project's own Python environment, `.venv`, which holds what executes notebooks in Jupyter
 * and the Deno kernel's registration, and an adapter for WebGPU.
 * Nothing outside the project is touched, except that Debian's packages are installed where they are missing and apt may.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exists, writeJson } from "../core/artefacts.ts";
import { runProcess } from "./subprocess.ts";

/** The project's root directory. */
export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));

/** What speaks Jupyter's protocol with a kernel. Python 3.10 or later. */
export const jupyterPackages = ["jupyter_client==8.10.0", "jupyter_core==5.9.1", "pyzmq==27.3.0"] as const;

/** The front end, which only people need. */
export const jupyterLabPackage = "jupyterlab==4.6.6";

/** Vulkan on the CPU, for WebGPU without a GPU: correct and slow. */
const SOFTWARE_DRIVER = "mesa-vulkan-drivers";

/** Time for pip on a slow line. */
const INSTALL_SECONDS = 600;

/** Something that could not be set up. */
export interface Missing {
  /** Why, in one sentence. */
  readonly reason: string;
  /** The one command that would help. */
  readonly command: string;
}

/** Where things are in the project's Python environment. */
export function virtualEnvironment(root: string): { python: string; kernelSpec: string } {
  const directory = join(root, ".venv");
  return {
    python: Deno.build.os === "windows"
      ? join(directory, "Scripts", "python.exe")
      : join(directory, "bin", "python"),
    kernelSpec: join(directory, "share", "jupyter", "kernels", "deno", "kernel.json"),
  };
}

/**
 * Makes `.venv` with Jupyter's client and the Deno kernel, or finds that it is there already.
 *
 * @param root The project's root directory.
 * @returns The Python that executes notebooks, or what is missing.
 */
export async function prepareJupyter(
  root: string,
  options: { signal?: AbortSignal } = {},
): Promise<{ python: string } | Missing> {
  const { python, kernelSpec } = virtualEnvironment(root);
  if (!await hasPackages(python)) {
    const missing = await createEnvironment(root, python, options);
    if (missing) return missing;
  }
  // The path of `deno` changes with each version that npx fetches: register whichever runs now.
  await writeJson(kernelSpec, denoKernelSpec());
  return { python };
}

/** Jupyter's description of the Deno kernel: this very binary. */
export function denoKernelSpec() {
  return {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  };
}

/** Whether the environment is there, in the pinned versions. */
async function hasPackages(python: string): Promise<boolean> {
  const result = await runProcess(python, ["-m", "pip", "freeze", "--disable-pip-version-check"], {
    seconds: 30,
  });
  if (result?.code !== 0) return false;
  const installed = result.stdout.split("\n");
  return jupyterPackages.every((pinned) => installed.includes(pinned));
}

async function createEnvironment(
  root: string,
  python: string,
  options: { signal?: AbortSignal },
): Promise<Missing | null> {
  const version = await runProcess("python3", [
    "-c",
    "import sys; print(sys.version_info >= (3, 10))",
  ], { seconds: 30 });
  if (version?.stdout.trim() !== "True") {
    return {
      reason: "Jupyter needs python3, version 3.10 or later.",
      command: installCommand("python3 python3-venv"),
    };
  }
  const directory = join(root, ".venv");
  const create = () =>
    runProcess("python3", ["-m", "venv", directory], { ...options, seconds: INSTALL_SECONDS });
  let created = await create();
  if (created?.code !== 0 && await installDebian("python3-venv", options)) created = await create();
  if (created?.code !== 0) {
    // A half-made environment would pass for a whole one.
    if (await exists(directory)) await Deno.remove(directory, { recursive: true });
    return {
      reason: "python3 cannot make a virtual environment here.",
      command: installCommand("python3-venv"),
    };
  }
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...jupyterPackages];
  const installed = await runProcess(python, install, { ...options, seconds: INSTALL_SECONDS });
  if (installed?.code === 0) return null;
  const reason = installed?.output.split("\n").findLast((line) => line.startsWith("ERROR"));
  return {
    reason: `pip could not install Jupyter's client (${reason ?? "is the network there?"}).`,
    command: `.venv/bin/pip install ${jupyterPackages.join(" ")}`,
  };
}

/**
 * Says whether Deno's WebGPU finds an adapter that all tests can use: with f16, which software OpenGL has not.
 * In a process of its own, since a driver installed later is not seen by this one.
 */
const ADAPTER_PROBE = `Deno.exit((await navigator.gpu.requestAdapter())?.features.has("shader-f16") ? 0 : 1)`;

/**
 * Finds an adapter for Deno's WebGPU, or installs Mesa's software driver where apt may.
 *
 * @returns What is missing, or null where an adapter is there.
 */
export async function prepareWebGpu(options: { signal?: AbortSignal } = {}): Promise<Missing | null> {
  const hasAdapter = async () =>
    (await runProcess(Deno.execPath(), ["eval", ADAPTER_PROBE], { ...options, seconds: 60 }))?.code === 0;
  if (await hasAdapter()) return null;
  if (await installDebian(SOFTWARE_DRIVER, options) && await hasAdapter()) return null;
  return {
    reason: "Deno's WebGPU finds no adapter with f16, not even a software one.",
    command: installCommand(SOFTWARE_DRIVER),
  };
}

/** The command with which a person installs Debian packages. */
export function installCommand(packages: string): string {
  return `${Deno.build.os === "linux" && Deno.uid() !== 0 ? "sudo " : ""}apt-get install -y ${packages}`;
}

/** Installs Debian packages where that may be: as root, with apt. */
async function installDebian(packages: string, options: { signal?: AbortSignal }): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const apt = (...args: string[]) =>
    runProcess("apt-get", ["-q", ...args], {
      ...options,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      seconds: INSTALL_SECONDS,
    });
  await apt("update");
  return (await apt("install", "-y", "--no-install-recommends", packages))?.code === 0;
}
