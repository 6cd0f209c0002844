import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeEntities, htmlToText } from "../../../lib/sources/extract/html.ts";

Deno.test("decodeEntities() knows names and numbers, and leaves the rest", () => {
  assert.equal(
    decodeEntities("a &lt; b &amp;&#39; &#x27; &nosuch; &#0; &#xd800; &amp;lt;"),
    "a < b &' ' &nosuch; &#0; &#xd800; &lt;",
  );
});

Deno.test.each([
  ["paragraphs", "<p>one</p>\n<p>two</p>", "one\n\ntwo"],
  ["line ends", "one<br>two<br/>three", "one\ntwo\nthree"],
  ["code", "Use <code>a &lt; <b>b</b></code> here", "Use `a < b` here"],
  [
    "quoted code",
    "So:<blockquote>x = 1;<br>  y = 2;</blockquote>done",
    "So:\n\n```\nx = 1;\n  y = 2;\n```\n\ndone",
  ],
  ["lists", "<ul><li>one</li><li>two</li></ul>", "- one\n- two"],
  ["tables", "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>", "1 | 2\n\n3 | 4"],
  ["scripts", "x<sup>2</sup> + x<sub>i + 1</sub>", "x^2 + x_{i + 1}"],
  ["noise", "<style>p {}</style><!-- no -->a <img src='x'><a href=\"b\">c</a>", "a c"],
  ["no tags", "a < b and c > d", "a < b and c > d"],
])("htmlToText() renders %s", (_name, html, text) => {
  assert.equal(htmlToText(html), text);
});

Deno.test("htmlToText() ends on any input, without its place holders", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom("<p>", "</p>", "<code>", "</code>", "<pre>", "<", ">", "&amp;", "x", "\n", "<br>"),
        {
          maxLength: 60,
        },
      ),
      (parts) => assert.doesNotMatch(htmlToText(parts.join("")), /[\ue000\ue001]/),
    ),
  );
});
