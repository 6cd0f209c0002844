import assert from "node:assert/strict";
import { UsageError } from "../../lib/core/errors.ts";
import { passAtK } from "../../lib/eval/pass_at_k.ts";

Deno.test("passAtK() is the share of k-subsets with a right answer", () => {
  for (let n = 1; n <= 7; n++) {
    for (let c = 0; c <= n; c++) {
      for (let k = 1; k <= n; k++) {
        let subsets = 0, passing = 0;
        for (let set = 0; set < 1 << n; set++) {
          const members = Array.from({ length: n }, (_, i) => i).filter((i) => set >> i & 1);
          if (members.length !== k) continue;
          subsets++;
          if (members.some((i) => i < c)) passing++;
        }
        assert.ok(Math.abs(passAtK(n, c, k) - passing / subsets) < 1e-12, `n ${n}, c ${c}, k ${k}`);
      }
    }
  }
});

Deno.test("passAtK() refuses more than there are", () => {
  assert.throws(() => passAtK(2, 1, 3), new UsageError("pass@3 of 1 right among 2 answers does not exist."));
});
