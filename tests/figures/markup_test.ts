import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeHtml, Markup, markup, scriptJson } from "../../lib/figures/markup.ts";

Deno.test("markup`` escapes text and inserts markup", () => {
  const name = `<b title="x">'&`;
  assert.equal(markup`<i>${name}</i>`.text, "<i>&lt;b title=&quot;x&quot;&gt;&#39;&amp;</i>");
  assert.equal(markup`<i>${new Markup("<b>1</b>")}${2}</i>`.text, "<i><b>1</b>2</i>");
  assert.equal(markup`${["<", [markup`<br>`]]}`.text, "&lt;<br>");
});

Deno.test("escapeHtml() leaves nothing that opens an element or ends an attribute", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.doesNotMatch(escapeHtml(text), /[<>"']/);
  }));
});

Deno.test("scriptJson() is the same value and cannot end a script", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom("</script>", "<!--", "\u2028", "a", '"')), (value) => {
    const { text } = scriptJson(value);
    assert.ok(!text.includes("<"));
    assert.deepEqual(JSON.parse(text), value);
  }));
});
