import assert from "node:assert/strict";
import fc from "fast-check";
import { compareDomains, domainStyle, FONT, themed } from "../../lib/figures/theme.ts";

Deno.test("compareDomains() puts the known domains first and the others in order of their names", () => {
  const domains = ["web", "mail", "knowledge", "several", "math", "code"];
  assert.deepEqual(domains.sort(compareDomains), ["code", "math", "knowledge", "mail", "several", "web"]);
});

Deno.test("compareDomains() is an order", () => {
  const domain = fc.oneof(fc.constantFrom("code", "math", "knowledge", "mail"), fc.string());
  fc.assert(fc.property(domain, domain, (a, b) => {
    assert.equal(Math.sign(compareDomains(a, b)), 0 - Math.sign(compareDomains(b, a)));
    assert.equal(compareDomains(a, b) === 0, a === b);
  }));
});

Deno.test("domainStyle() tells domains apart by colour and by shape", () => {
  const styles = ["code", "math", "knowledge", "mail", "something else"].map(domainStyle);
  assert.equal(new Set(styles.map(({ colour }) => colour)).size, styles.length);
  assert.equal(new Set(styles.map(({ shape }) => shape)).size, styles.length);
});

Deno.test("domainStyle() does not take an object's own properties for domains", () => {
  assert.deepEqual(domainStyle("constructor"), domainStyle("something else"));
});

Deno.test("themed() makes a spec that carries its looks", () => {
  assert.equal(themed({ data: { values: [] }, mark: "point", encoding: {} }).config?.font, FONT);
});
