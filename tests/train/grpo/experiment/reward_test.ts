import assert from "node:assert/strict";
import { rewardNumber } from "../../../../lib/train/grpo/experiment/reward.ts";

Deno.test("rewardNumber() pays for the right number after the mark alone", () => {
  assert.equal(rewardNumber("so 3 + 4 = 7\n#### 7", "7"), 1);
  assert.equal(rewardNumber("#### 7.0", "7"), 1);
  assert.equal(rewardNumber("3 + 4 = 7\n#### 8", "7"), 0);
  assert.equal(rewardNumber("#### 8 #### 7", "7"), 1);
  assert.equal(rewardNumber("3 + 4 = 7", "7"), 0);
  assert.equal(rewardNumber("", "7"), 0);
});
