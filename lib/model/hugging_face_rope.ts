/**
 * RoPE's settings in a config.json: `rope_parameters` of transformers 5, `rope_theta` and `rope_scaling` before.
 * @module
 */
import { z } from "zod";
import type { ModelConfig, RopeScaling } from "./config.ts";

const scale = z.number().positive();

/** What is read of RoPE. */
export const ropeKeys = {
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_theta: scale.optional(),
  partial_rotary_factor: z.number().optional(),
};

const settings = z.looseObject({
  rope_type: z.string().optional(),
  /** The older name of rope_type. */
  type: z.string().optional(),
  rope_theta: scale.optional(),
  partial_rotary_factor: z.number().optional(),
});

/** What the type "llama3" needs beside its name, under our names. */
const LLAMA3: Readonly<Record<keyof RopeScaling, string>> = {
  factor: "factor",
  lowFrequencyFactor: "low_freq_factor",
  highFrequencyFactor: "high_freq_factor",
  originalMaxPositions: "original_max_position_embeddings",
};

/** Refuses a key's value, naming what is supported. */
export type Refuse = (key: string, value: unknown, supported: string) => never;

/** Reads base and scaling. */
export function readRope(
  hub: z.infer<z.ZodObject<typeof ropeKeys>>,
  defaultTheta: number,
  refuse: Refuse,
): Pick<ModelConfig, "ropeTheta" | "ropeScaling"> {
  // Where both are given, transformers takes rope_scaling.
  const place = hub.rope_scaling != null ? "rope_scaling" : "rope_parameters";
  const values = hub[place] ?? {};
  const parsed = settings.safeParse(values);
  if (!parsed.success) {
    const [key = ""] = parsed.error.issues[0]?.path ?? [];
    return refuse(`${place}.${String(key)}`, values[String(key)], "what transformers writes there");
  }
  const { rope_type, type, rope_theta, partial_rotary_factor = hub.partial_rotary_factor ?? 1 } = parsed.data;
  if (partial_rotary_factor !== 1) {
    refuse("partial_rotary_factor", partial_rotary_factor, "1 (RoPE turns whole heads)");
  }
  const nested = Object.entries(values).find(([, value]) => typeof value === "object" && value !== null);
  if (nested !== undefined) refuse(`${place}.${nested[0]}`, nested[1], "one setting for all layers");
  const kind = rope_type ?? type ?? "default";
  if (kind !== "default" && kind !== "llama3") refuse(`${place}.rope_type`, kind, '"default" or "llama3"');
  const number = (key: string) => {
    const found = scale.safeParse(values[key]);
    return found.success ? found.data : refuse(`${place}.${key}`, values[key], "a positive number");
  };
  return {
    ropeTheta: rope_theta ?? hub.rope_theta ?? defaultTheta,
    ropeScaling: kind === "default" ? null : {
      factor: number(LLAMA3.factor),
      lowFrequencyFactor: number(LLAMA3.lowFrequencyFactor),
      highFrequencyFactor: number(LLAMA3.highFrequencyFactor),
      originalMaxPositions: number(LLAMA3.originalMaxPositions),
    },
  };
}

/** The keys from which any transformers reads base and scaling. */
export function writeRope({ ropeTheta, ropeScaling }: ModelConfig): Record<string, unknown> {
  if (ropeScaling === null) {
    return {
      rope_parameters: { rope_type: "default", rope_theta: ropeTheta },
      rope_theta: ropeTheta,
      rope_scaling: null,
    };
  }
  const scaling = {
    rope_type: "llama3",
    [LLAMA3.factor]: ropeScaling.factor,
    [LLAMA3.lowFrequencyFactor]: ropeScaling.lowFrequencyFactor,
    [LLAMA3.highFrequencyFactor]: ropeScaling.highFrequencyFactor,
    [LLAMA3.originalMaxPositions]: ropeScaling.originalMaxPositions,
  };
  return {
    rope_parameters: { ...scaling, rope_theta: ropeTheta },
    rope_theta: ropeTheta,
    rope_scaling: scaling,
  };
}
