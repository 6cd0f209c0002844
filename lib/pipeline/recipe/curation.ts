/**
 * Settings of curation by hierarchical rejection sampling: lib/curation.
 *
 * The paper's (section 5.1.1): education above 4, the top tenth of each use of Ask-LLM, about 10,000 documents a data set, probes that
 * are candidates too. It states neither the judge nor how many documents the judge sees, nor the threshold of semantic duplicates: those are ours, and so is the
 * fallback for sources of which nothing is above.
 * @module
 */
import { z } from "zod";
import { positive, share } from "./numbers.ts";

/** From a corpus to representative and probing sets. */
export const curation = z.strictObject({
  /** Directory of FineWeb-Edu's classifier; null: one is trained on the sources' domains. */
  education: z.string().nullable(),
  judge: z.strictObject({
    /** An OpenAI-compatible server or a model directory; null: a small judge is trained on the sources' domains. */
    address: z.string().nullable(),
    /** The server's model. */
    model: z.string().nullable(),
    /** Tokenizer of a model directory. */
    tokenizer: z.string(),
    /** How the model of a directory is asked. */
    format: z.enum(["chat", "plain"]),
    /** Updates of the judge that is trained. */
    steps: positive,
  }),
  /** JSONL files whose items no representative may contain, by the benchmark's name. */
  benchmarks: z.record(z.string(), z.string()),
  /** Probing lists in data/curation, or a path; null: by the sources' domains. */
  lists: z.string().nullable(),
  /** The education score has to be above. */
  educationAbove: z.number(),
  /** Share of a source that is kept where none of it is above. */
  educationFallback: share,
  /** Documents of a source that Ask-LLM sees at most, a random sample; null: all. */
  judgedPerSource: positive.nullable(),
  /** Share that each use of Ask-LLM keeps. */
  topShare: share,
  /** Most representatives of a source. */
  documentsPerSource: positive,
  /** Least cosine of semantic duplicates. */
  semanticThreshold: share,
  /** Probes are candidates too, as in the paper, and trained on; otherwise disjoint halves, the probing one held out of all training. */
  overlap: z.boolean(),
});
