/** A server on this machine that speaks the hub's protocol: commits, lists of files in pages, and files in ranges. */
import { createHash } from "node:crypto";

/** What the server has and was asked. */
export interface StubHub extends AsyncDisposable {
  readonly url: string;
  /** "GET /datasets/own/set/resolve/…", "Range" after it where there was one. */
  readonly requests: readonly string[];
}

/** The commit that "main" is. */
export const COMMIT = "c".repeat(40);

/** Of the files of a list on one page. */
const PAGE = 2;

/** What a request for a file's bytes (not for its length) is answered with; undefined: the file. */
export type Fault = (path: string, bytes: Uint8Array<ArrayBuffer>, before: number) => Response | undefined;

/**
 * Starts it with one data set and one model, both "own/set" and with the same files. Files whose names end in .gz, .parquet or .safetensors are large ones, with SHA-256.
 *
 * @param token Asked for, where it is given.
 */
export function startHub(
  files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  { fault, token }: { fault?: Fault; token?: string } = {},
): StubHub {
  const requests: string[] = [];
  let bodies = 0;
  const paths = Object.keys(files);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname, searchParams, origin } = new URL(request.url);
    const range = request.headers.get("range");
    requests.push(range === null ? pathname : `${pathname} ${range}`);
    if (token !== undefined && request.headers.get("authorization") !== `Bearer ${token}`) {
      return Response.json({ error: "Access is restricted" }, { status: 401 });
    }
    if (/^\/api\/(datasets|models)\/own\/set\/revision\/main$/.test(pathname)) {
      return Response.json({ id: "1", _id: "1", sha: COMMIT });
    }
    if (/^\/api\/(datasets|models)\/own\/set\/tree\/c+$/.test(pathname)) {
      const start = Number(searchParams.get("cursor") ?? 0), end = start + PAGE;
      const next = `<${origin}${pathname}?recursive=true&cursor=${end}>; rel="next"`;
      return Response.json([
        { type: "directory", path: "folder", size: 0, oid: "d" },
        ...paths.slice(start, end).map((path) => entryOf(path, files[path]!)),
      ], end < paths.length ? { headers: { link: next } } : {});
    }
    const path = pathname.replace(/^(\/datasets)?\/own\/set\/resolve\/c+\//, "");
    const content = files[path];
    if (content === undefined) return Response.json({ error: "Repository not found" }, { status: 404 });
    const isLength = range === "bytes=0-0";
    const broken = isLength ? undefined : fault?.(path, content, bodies++);
    if (broken !== undefined) return broken;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    if (from === undefined) return new Response(content, { headers: { etag: '"1"' } });
    const headers = { etag: '"1"', "content-range": `bytes ${from}-${to}/${content.length}` };
    return new Response(content.slice(Number(from), Number(to) + 1), { status: 206, headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function entryOf(path: string, content: Uint8Array) {
  const blob = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  const entry = { type: "file", path, size: content.length, oid: blob };
  if (!/\.(gz|parquet|safetensors)$/.test(path)) return entry;
  const oid = createHash("sha256").update(content).digest("hex");
  // Of a large file the blob is a pointer.
  return { ...entry, oid: "p", lfs: { oid, size: content.length, pointerSize: 130 } };
}
