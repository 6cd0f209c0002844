/**
 * Table 10 as it was measured once on a CPU and on a GPU and is kept with the project: data/results/on_device_*.json.
 * @module
 */
import { z } from "zod";
import type { DeviceRates, Part } from "../../figures/paper/paper_run.ts";
import { readJson } from "./found.ts";

/** Each measurement, by a short name of its machine. */
const RECORDED = {
  "two CPU cores": new URL("../../../data/results/on_device_cpu.json", import.meta.url),
  H100: new URL("../../../data/results/on_device_h100.json", import.meta.url),
};

const recorded = z.looseObject({
  machine: z.string(),
  date: z.string(),
  cells: z.array(z.looseObject({
    model: z.string(),
    context: z.number(),
    /** Missing where the model did not fit. */
    tokensPerSecond: z.number().optional(),
  })),
});

/** The recorded rates, by machine and model. */
export async function recordedRates(): Promise<Part<readonly DeviceRates[]>> {
  const machines: string[] = [], value: DeviceRates[] = [];
  let last = "";
  for (const [device, path] of Object.entries(RECORDED)) {
    const { machine, date, cells } = await readJson(path, recorded);
    machines.push(machine);
    if (date > last) last = date;
    for (const [model, own] of Map.groupBy(cells, ({ model }) => model)) {
      const rates = own.map(({ context, tokensPerSecond = null }) => ({ context, tokensPerSecond }));
      value.push({ device, model, rates });
    }
  }
  return {
    command: "deno task bench --on-device",
    made: { value, date: last, machine: machines.join(" and ") },
  };
}
