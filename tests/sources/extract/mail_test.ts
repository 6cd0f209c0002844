import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeHeader, mailText } from "../../../lib/sources/extract/mail.ts";

const mail = (text: string) => mailText(Buffer.from(text, "latin1"));

Deno.test("mailText() keeps subject and body, not who wrote to whom", () => {
  assert.equal(
    mail(
      "From a@b.c Mon\nFrom: A <a@b.c>\nSubject: Hello\n there\nTo: d@e.f\n\nLine one  \n\n\n\nLine two\n",
    ),
    "Subject: Hello there\n\nLine one\n\nLine two\n",
  );
});

Deno.test("mailText() decodes transfer encodings and charsets", () => {
  const body = (encoding: string, charset: string, text: string) =>
    mail(
      `Subject: s\nContent-Type: text/plain; charset="${charset}"\nContent-Transfer-Encoding: ${encoding}\n\n${text}`,
    );
  assert.equal(body("quoted-printable", "iso-8859-1", "caf=E9 =\nau lait"), "Subject: s\n\ncafé au lait\n");
  assert.equal(body("base64", "utf-8", Buffer.from("naïve").toString("base64")), "Subject: s\n\nnaïve\n");
  assert.equal(body("8bit", "no-such-charset", "\x93quoted\x94"), "Subject: s\n\n“quoted”\n");
});

Deno.test("mailText() takes the plain alternative, renders HTML and leaves attachments out", () => {
  const part = (type: string, text: string) => `--B\nContent-Type: ${type}\n\n${text}\n`;
  const multipart = (kind: string, ...parts: string[]) =>
    mail(`Subject: s\nContent-Type: multipart/${kind}; boundary=B\n\npreamble\n${parts.join("")}--B--\n`);
  const html = part("text/html", "<p>a</p><p>b</p>");
  assert.equal(multipart("alternative", part("text/plain", "plain"), html), "Subject: s\n\nplain\n");
  assert.equal(multipart("mixed", html, part("image/png", "iVBOR")), "Subject: s\n\na\n\nb\n");
  assert.equal(multipart("mixed", part("image/png", "iVBOR")), null);
});

Deno.test("decodeHeader() decodes words of RFC 2047", () => {
  assert.equal(decodeHeader("=?iso-8859-1?Q?caf=E9_au?= =?utf-8?B?IGxhaXQ=?= now"), "café au lait now");
});

Deno.test("mailText() ends on any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
    const text = mailText(bytes);
    assert.ok(text === null || text.startsWith("Subject: "));
  }));
});
