import assert from "node:assert/strict";
import { headerLicence, recordLicence } from "../../lib/sources/licence.ts";

Deno.test("headerLicence() finds SPDX tags and @license at the top", () => {
  assert.equal(headerLicence("/* SPDX-License-Identifier: GPL-2.0-only */"), "GPL-2.0-only");
  assert.equal(headerLicence("/**\n* @license Apache-2.0\n*/"), "Apache-2.0");
  assert.equal(headerLicence("licensed to nobody"), undefined);
  assert.equal(headerLicence("x".repeat(3000) + " @license MIT"), undefined);
});

Deno.test("recordLicence() takes either spelling, at the top or in the metadata", () => {
  assert.equal(recordLicence({ licence: "MIT" }), "MIT");
  assert.equal(recordLicence({ license: "", meta: { license: "MIT" } }), "MIT");
  assert.equal(recordLicence({ metadata: { license: "MIT" } }), "MIT");
  assert.equal(recordLicence({ license: 3, metadata: null }), undefined);
});
