/**
 * Which language a text is in: fastText's lid.176, a linear classifier over character n-grams, in WebAssembly.
 * @module
 */
import { getLIDModel } from "fasttext.wasm.js";

/** How much of a text is looked at, in characters; more hardly changes the answer and costs time. */
const WINDOW_CHARACTERS = 500;

/** A less certain answer is "und"; program code is mostly that. */
const MIN_CONFIDENCE = 0.5;

/** The most likely language. */
export interface Language {
  /** ISO 639-1 code, ISO 639-3 where there is none, or "und" (undetermined) below a confidence of 0.5. */
  readonly code: string;
  /** The classifier's probability for its first choice, 0…1. */
  readonly confidence: number;
}

/** Says the language of a text, from its first 500 characters. */
export type IdentifyLanguage = (text: string) => Language;

/** What embind returns: an object on the WASM heap that nobody frees but us. */
interface HeapVector {
  size(): number;
  get(index: number): [confidence: number, label: string];
  delete(): void;
}

/** The static side of the package's model class, which it exports no type for. */
interface LabelNames {
  formatLang(label: string): { alpha2: string | null; alpha3: string } | undefined;
}

/**
 * Loads the classifier (0.9 MB, part of the package; about 0.1 s). Afterwards about 0.1 ms a text.
 *
 * @example
 * ```ts
 * import { loadLanguageIdentifier } from "./language.ts";
 * import assert from "node:assert/strict";
 * const identify = await loadLanguageIdentifier();
 * assert.equal(identify("Der schnelle braune Fuchs springt über den faulen Hund.").code, "de");
 * ```
 */
export async function loadLanguageIdentifier(): Promise<IdentifyLanguage> {
  const identification = await getLIDModel();
  const model = await identification.load();
  const { formatLang } = identification.constructor as unknown as LabelNames;
  return (text) => {
    // fastText reads one line.
    const window = text.slice(0, WINDOW_CHARACTERS).replace(/\s+/g, " ");
    const vector = model.predict(window, 1, 0) as unknown as HeapVector;
    try {
      if (vector.size() === 0) return { code: "und", confidence: 0 };
      const [confidence, label] = vector.get(0);
      if (confidence < MIN_CONFIDENCE) return { code: "und", confidence };
      const language = formatLang(label);
      return { code: language?.alpha2 ?? language?.alpha3 ?? "und", confidence };
    } finally {
      vector.delete();
    }
  };
}
