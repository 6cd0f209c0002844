/**
 * Checks of influence on a device: gradients of single sequences, which the weighted sums give, against training's gradient;
 * products and norms against what the host makes of those gradients in 64 bits.
 * @module
 */
import type { Device, Provider, Tier } from "../webgpu/device/device.ts";
import { openDevice } from "../webgpu/device/open.ts";
import { InfluenceBench } from "./gpu_influence_run.ts";
import { family, randomTokens, StepBench } from "./step_run.ts";

/** Positions of a sequence: norms come from products of positions, or from gradients. */
const LENGTHS = [80, 96];
const SEQUENCES = 3;

/** Largest errors by what was checked: of Σ g relative to its norm, of ⟨g, V⟩ to ‖g‖‖V‖, of ‖g‖² to itself. */
export async function checkInfluence(
  provider: Provider | "auto",
  tier: Tier | "auto",
): Promise<Record<string, number>> {
  const errors: Record<string, number> = { sum: 0, products: 0, norms: 0, repetition: 0 };
  for (const length of LENGTHS) {
    using device = await openDevice({ provider, tier });
    for (const [name, error] of Object.entries(await errorsOf(device, length))) {
      // NaN stays.
      errors[name] = !(error <= (errors[name] ?? 0)) ? error : errors[name] ?? 0;
    }
  }
  return errors;
}

async function errorsOf(device: Device, length: number): Promise<Record<string, number>> {
  const shape = family(2, 2, 1, 136, 264, 1003);
  const [tokens, targets] = [1, 2].map((seed) =>
    randomTokens(SEQUENCES * length, shape.vocabularySize, seed)
  ) as [Uint32Array, Uint32Array];
  const bench = await InfluenceBench.create(device, shape, { sequences: SEQUENCES, length }, 1);
  const { groups, parameters } = bench.model;
  const flat = groups.map(({ place, firstOutput, outputs, inputs }) => {
    const copy = parameters.places.copies.find(({ segment, offset }) =>
      segment === place.segment && offset === place.offset
    );
    return { from: (copy?.flat ?? NaN) + firstOutput * inputs, count: outputs * inputs };
  });
  const part = (values: Float32Array, group: number) => {
    const { from, count } = flat[group] ?? { from: 0, count: 0 };
    return values.subarray(from, from + count);
  };

  bench.write(tokens, targets, true);
  const sums = await bench.plan("sums");
  const gradients: Float32Array[] = [];
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    bench.clear();
    bench.writeCoefficients(Array.from({ length: SEQUENCES }, (_, i) => i === sequence ? 1 : 0));
    await bench.run("sums", sums);
    gradients.push(await bench.readSum(0));
  }
  const [vector = new Float32Array()] = bench.fillVectors();
  const found = await bench.products();
  const again = await bench.products();
  const errors = { sum: 0, products: 0, norms: 0, repetition: 0 };
  gradients.forEach((gradient, sequence) =>
    groups.forEach((_, group) => {
      const [own, v] = [part(gradient, group), part(vector, group)];
      const [norm, product] = [
        found.at(-1)?.[sequence]?.[group] ?? NaN,
        found[0]?.[sequence]?.[group] ?? NaN,
      ];
      errors.norms = worse(errors.norms, Math.abs(norm / dot(own, own) - 1));
      errors.products = worse(
        errors.products,
        Math.abs(product - dot(own, v)) / Math.sqrt(dot(own, own) * dot(v, v)),
      );
      if (!Object.is(again[0]?.[sequence]?.[group], product)) errors.repetition = 1;
    })
  );
  const training = await StepBench.create(device, shape, SEQUENCES, length);
  const whole = await training.gradient(tokens, targets);
  groups.forEach((_, group) => {
    const expected = part(whole, group);
    const difference = expected.map((value, i) =>
      value - gradients.reduce((sum, gradient) => sum + (part(gradient, group)[i] ?? NaN), 0) / SEQUENCES
    );
    errors.sum = worse(errors.sum, Math.sqrt(dot(difference, difference) / dot(expected, expected)));
  });
  return errors;
}

/** The larger error; NaN is the largest. */
function worse(a: number, b: number): number {
  return b <= a ? a : b;
}

/** a·b in 64 bits. */
function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
}
