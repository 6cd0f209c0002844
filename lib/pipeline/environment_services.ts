/**
 * What may be there beyond this machine: a cluster, servers of models, the hub. Secrets are looked for, never shown.
 * @module
 */
import { firstLine } from "./first_line.ts";

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Time for an answer over the network. */
const ANSWER_MS = 5000;

/** Where Hugging Face's hub is, unless HF_ENDPOINT names a mirror. */
const HUB = "https://huggingface.co";

/** Whether Slurm's REST API can be started here, whether there is a cluster behind it, and a token for one elsewhere. */
export async function findSlurm(environment: Environment = Deno.env.toObject()): Promise<string | null> {
  // Without a cluster's configuration Slurm's own commands do not even say their version.
  const [cluster, rest] = await Promise.all([firstLine("sinfo", "--version"), firstLine("slurmrestd", "-V")]);
  const token = isSet(environment.SLURM_JWT);
  if (cluster === null && rest === null && !token) return null;
  return [
    rest === null ? "no slurmrestd" : `slurmrestd of ${rest}`,
    cluster === null ? "no cluster configured" : "a cluster configured",
    `${token ? "a" : "no"} token (SLURM_JWT)`,
  ].join(", ");
}

/** PyTorch's version and the GPUs that it sees. */
export function findTorch(): Promise<string | null> {
  return firstLine(
    "python3",
    "-c",
    "import torch; count = torch.cuda.device_count(); " +
      "print(torch.__version__ + ', ' + (f'{count} × {torch.cuda.get_device_name(0)}' if count else 'no GPU'))",
  );
}

/** The OpenAI-compatible servers of OPENAI_BASE_URL (addresses, with commas between), and the models of those that answer. */
export async function findModelServers(
  environment: Environment = Deno.env.toObject(),
): Promise<string | null> {
  const { OPENAI_BASE_URL: addresses = "", OPENAI_API_KEY: key } = environment;
  const servers = await Promise.all(
    addresses.split(",").map((address) => address.trim()).filter(isSet).map(async (address) => {
      const answer = await ask(`${address.replace(/\/$/, "")}/models`, key) as { data?: unknown } | null;
      if (!Array.isArray(answer?.data)) return { answers: false, text: `${shown(address)} does not answer` };
      return { answers: true, text: `${shown(address)}: ${answer.data.map(({ id }) => id).join(", ")}` };
    }),
  );
  return servers.some(({ answers }) => answers) ? servers.map(({ text }) => text).join("; ") : null;
}

/** The hub or its mirror (HF_ENDPOINT), where it answers, and whether there is a token for it. */
export async function findHub(environment: Environment = Deno.env.toObject()): Promise<string | null> {
  const { HF_ENDPOINT: mirror, HF_TOKEN: token } = environment;
  const endpoint = isSet(mirror) ? mirror.replace(/\/$/, "") : HUB;
  const answer = await ask(`${endpoint}/api/models?limit=1`, token);
  return Array.isArray(answer) ? `${shown(endpoint)}, ${isSet(token) ? "a" : "no"} token (HF_TOKEN)` : null;
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

/** An address without a name and a password in it. */
function shown(address: string): string {
  if (!URL.canParse(address)) return "what is no address";
  const { origin, pathname } = new URL(address);
  return origin + pathname.replace(/\/$/, "");
}

/** The JSON behind an address; null where there is none. */
async function ask(address: string, secret: string | undefined): Promise<unknown> {
  try {
    const response = await fetch(address, {
      headers: isSet(secret) ? { Authorization: `Bearer ${secret}` } : {},
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    // Read in any case, so that the connection closes.
    const text = await response.text();
    return response.ok ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
