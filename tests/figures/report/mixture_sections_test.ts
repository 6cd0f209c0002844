import assert from "node:assert/strict";
import { mixingSections } from "../../../lib/figures/report/mixture_sections.ts";
import type { MixingReport } from "../../../lib/figures/mixing_report.ts";
import { comparison, leaveOneOut, SAMPLE_MIXING } from "../sample_mixing.ts";
import { SAMPLE } from "../sample_report.ts";

async function texts(mixing: MixingReport | null): Promise<Map<string, string>> {
  const sections = await mixingSections({ ...SAMPLE, mixing });
  return new Map(sections.map(({ id, content }) => [id, content.map(({ text }) => text).join("")]));
}

Deno.test("mixingSections() go from curation to comparison, and are empty where a run chose no mixture", async () => {
  const ids = ["funnel", "leave-one-out", "influence", "validation", "weights", "comparison"];
  const full = await texts(SAMPLE_MIXING);
  assert.deepEqual([...full.keys()], ids);
  assert.ok([...full.values()].every((text) => text.includes('<span class="badge own">')));
  const none = { funnel: [], leaveOneOut: [], influence: [], validation: null, weights: [], comparison: [] };
  for (const mixing of [null, none]) {
    assert.deepEqual([...(await texts(mixing)).values()], ["", "", "", "", "", ""]);
  }
});

Deno.test("mixingSections() say how many seeds there are, and what one seed cannot say", async () => {
  const one = await texts({ ...SAMPLE_MIXING, leaveOneOut: leaveOneOut(1) });
  assert.match(one.get("leave-one-out") ?? "", /One seed: how much of it is chance cannot be said\./);
  assert.match(one.get("comparison") ?? "", /scale: ● influence, ■ uniform\. One seed/);
  const many = await texts({ ...SAMPLE_MIXING, leaveOneOut: leaveOneOut(3), comparison: comparison(3) });
  assert.match(many.get("leave-one-out") ?? "", /Mean of 3 seeds; lines are 95% intervals\./);
  assert.match(many.get("comparison") ?? "", /Mean of 3 seeds; bands are their range\./);
  const two = await texts({ ...SAMPLE_MIXING, leaveOneOut: leaveOneOut(2) });
  assert.match(two.get("leave-one-out") ?? "", /Mean of 2 seeds\. /);
});

Deno.test("mixingSections() say which sign is which capability", async () => {
  const { leaveOneOut } = SAMPLE_MIXING;
  const text = async (impacts: MixingReport["leaveOneOut"]) =>
    (await texts({ ...SAMPLE_MIXING, leaveOneOut: impacts })).get("leave-one-out") ?? "";
  assert.match(await text(leaveOneOut), /along training: ● code, ■ math, ▲ knowledge\./);
  const own = leaveOneOut.filter(({ probe }) => probe === "math").map((impact) => ({
    ...impact,
    probe: "own",
  }));
  assert.match(await text(own), /along training: ✚ own\./);
});

Deno.test("mixingSections() tell what influence is of", async () => {
  const joint = await texts(SAMPLE_MIXING);
  assert.match(joint.get("influence") ?? "", /Joint over 3 checkpoints\./);
  const influence = SAMPLE_MIXING.influence.filter(({ checkpoint }) => checkpoint !== "joint");
  assert.match((await texts({ ...SAMPLE_MIXING, influence })).get("influence") ?? "", /Of checkpoint 3\./);
});

Deno.test("mixingSections() show notes of the funnel and names as text", async () => {
  const nasty = `<img src=x>`;
  const funnel = SAMPLE_MIXING.funnel.map((row) => ({ ...row, source: nasty, note: nasty }));
  const weights = SAMPLE_MIXING.weights.map((row) => ({ ...row, source: nasty }));
  const all = await texts({ ...SAMPLE_MIXING, funnel: funnel.slice(0, 2), weights: weights.slice(0, 1) });
  assert.ok(![...all.values()].join("").includes("<img"));
  assert.match(all.get("funnel") ?? "", /&lt;img src=x&gt;/);
});
