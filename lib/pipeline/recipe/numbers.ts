/**
 * Numbers that many settings are.
 * @module
 */
import { z } from "zod";

/** A count of at least one. */
export const positive = z.number().int().positive();

/** 0, 1 and what lies between. */
export const fraction = z.number().min(0).max(1);

/** A part that is not nothing. */
export const share = z.number().gt(0).max(1);
