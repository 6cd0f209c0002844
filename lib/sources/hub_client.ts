/**
 * Requests to the Hugging Face hub: where it is (HF_ENDPOINT names a mirror), with what token (HF_TOKEN), and what its errors mean.
 * @module
 */
import {
  type AccessToken,
  datasetInfo,
  downloadFile,
  HubApiError,
  listFiles,
  modelInfo,
} from "@huggingface/hub";
import pRetry from "p-retry";
import { RunError, UsageError } from "../core/errors.ts";

/** A repository of the hub. */
export interface HubRepository {
  readonly type: "dataset" | "model";
  /** "allenai/peS2o". */
  readonly name: string;
}

/** A file of a repository. */
export interface HubFile {
  /** Inside the repository. */
  readonly path: string;
  readonly bytes: number;
  /** Of the content; null: see `gitSha1`. */
  readonly sha256: string | null;
  /** Git's name of the content, SHA-1 of "blob LENGTH\0" and the bytes; null for large files, whose blob is a pointer. */
  readonly gitSha1: string | null;
}

/** Something that a new attempt may mend. */
export class TransferError extends Error {}

/** How often what may pass is tried again, after 1, 2, 4 … times the delay. */
const RETRIES = 5, RETRY_DELAY_MS = 1000;

/** The hub's address and token, from the environment. */
function access(): { hubUrl?: string; accessToken?: AccessToken } {
  const hubUrl = Deno.env.get("HF_ENDPOINT")?.replace(/\/+$/, ""), token = Deno.env.get("HF_TOKEN");
  if (hubUrl && !URL.canParse(hubUrl)) {
    throw new UsageError(`HF_ENDPOINT is "${hubUrl}", expected a URL such as http://mirror.example.`);
  }
  if (token && !token.startsWith("hf_")) throw new UsageError('HF_TOKEN is no token, expected "hf_…".');
  return { ...(hubUrl && { hubUrl }), ...(token && { accessToken: token as AccessToken }) };
}

/**
 * Asks the hub, and again while that may help.
 *
 * @param what Names what is asked for in errors.
 * @param retryDelay Before the first retry, in milliseconds.
 * @throws {UsageError} where the hub refuses. @throws {RunError} where the last attempt failed too.
 */
export async function askHub<Answer>(
  what: string,
  ask: () => Promise<Answer>,
  signal?: AbortSignal,
  retryDelay = RETRY_DELAY_MS,
): Promise<Answer> {
  const attempt = async () => {
    try {
      return await ask();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UsageError || error instanceof TransferError) throw error;
      if (!(error instanceof HubApiError) || error.statusCode === 429 || error.statusCode >= 500) {
        throw new TransferError(error instanceof Error ? error.message : String(error));
      }
      const token = error.statusCode === 401 || error.statusCode === 403
        ? " It may be gated: accept its terms, and set HF_TOKEN."
        : "";
      throw new UsageError(`The hub refuses ${what}: ${error.message}.${token}`);
    }
  };
  try {
    return await pRetry(attempt, {
      retries: RETRIES,
      minTimeout: retryDelay,
      ...(signal && { signal }),
      shouldRetry: ({ error }) => error instanceof TransferError,
    });
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    throw new RunError(`The hub gave no ${what} in ${RETRIES + 1} attempts: ${error.message}`);
  }
}

/** The commit that a branch, a tag or a commit is now. @throws as {@link askHub}. */
export function hubCommit(
  { type, name }: HubRepository,
  revision: string,
  signal?: AbortSignal,
): Promise<string> {
  return askHub(`${type} ${name} at ${revision}`, async () => {
    const request = { ...access(), name, revision, additionalFields: ["sha" as const] };
    const { sha } = type === "dataset" ? await datasetInfo(request) : await modelInfo(request);
    return sha;
  }, signal);
}

/** Every file of a commit, in order of the paths' code units. @throws as {@link askHub}. */
export function hubListing(
  repository: HubRepository,
  commit: string,
  signal?: AbortSignal,
): Promise<HubFile[]> {
  const { type, name } = repository;
  return askHub(`list of files of ${type} ${name}`, async () => {
    const entries = await Array.fromAsync(
      listFiles({ ...access(), repo: repository, revision: commit, recursive: true }),
    );
    return entries.filter(({ type }) => type === "file").map(({ path, size, oid, lfs }) => ({
      path,
      bytes: lfs?.size ?? size,
      sha256: lfs?.oid ?? null,
      gitSha1: lfs === undefined ? oid ?? null : null,
    })).sort((a, b) => a.path < b.path ? -1 : 1);
  }, signal);
}

/** The bytes of a file from an offset on. To be called within {@link askHub}. */
export async function hubBytes(
  repository: HubRepository,
  commit: string,
  { path, bytes }: HubFile,
  offset: number,
): Promise<ReadableStream<Uint8Array>> {
  const blob = await downloadFile({ ...access(), repo: repository, path, revision: commit, xet: false });
  if (blob === null) throw new UsageError(`The hub has no file ${path} in ${repository.name} at ${commit}.`);
  return blob.slice(offset, bytes).stream();
}
