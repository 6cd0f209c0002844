/**
 * What a validation of influence says.
 * @module
 */
import type { Estimate } from "../../core/statistics.ts";

/** How candidates are scored. */
export type Method =
  /** The pipeline's way: DataInf at all checkpoints, averaged over the proxies of all seeds. */
  | "influence"
  /** The same from the first seed's proxy alone. */
  | "influence, one proxy"
  /** The same at the last checkpoints alone. */
  | "influence, last checkpoint"
  /** Every candidate has the mean of its source: what is left where single documents say nothing. */
  | "influence, source means"
  /** TracIn: plain products of gradients at all checkpoints, averaged over the proxies of all seeds. */
  | "gradient product";

/** Sizes of a validation. */
export interface ValidationSettings {
  /** Targets of a document at most. */
  readonly length: number;
  /** Documents of a batch. */
  readonly sequencesPerBatch: number;
  /** Evenly spaced checkpoints of the full proxies at which candidates are scored. */
  readonly checkpoints: number;
  /** M: random halves of the candidates. */
  readonly subsets: number;
  /** Proxies trained on each selection of candidates, with other initial weights and orders. At least 2. */
  readonly seeds: number;
  /** Share of the candidates that is dropped. */
  readonly dropShare: number;
  /** Probe documents that share the passes over the candidates: what memory holds vectors for. */
  readonly probesPerPass: number;
  /** Of the random selections. */
  readonly seed: number;
}

/** In which regime the proxies were: one that has hardly learnt, or has learnt by heart, is no testimony about others. */
export interface TrainingRegime {
  readonly parameters: number;
  readonly candidates: number;
  /** Targets of all candidates. */
  readonly candidateTokens: number;
  readonly probeDocuments: number;
  readonly steps: number;
  /** Passes over the candidates; twice as many over a half, since all proxies are trained equally long. */
  readonly epochs: number;
  /** Mean loss of the candidates under the first full proxy, which has seen them, in nats per token. */
  readonly candidateLoss: number;
  /** Of the probe documents, which it has not. */
  readonly probeLoss: number;
  /** ln V: of a model that knows nothing. */
  readonly uniformLoss: number;
}

/** One method's linear datamodelling score. */
export interface DatamodellingScore extends Estimate {
  readonly method: Method;
  /** Spearman over the subsets, of each probe document. */
  readonly perProbe: readonly number[];
}

/** The same for the mean loss of a capability's probe documents: what a mixture is chosen by. */
export interface CapabilityDatamodelling {
  readonly capability: string;
  readonly methods: readonly (Estimate & { readonly method: Method })[];
  readonly seedToSeed: number;
  readonly ceiling: number;
}

/** Linear datamodelling scores: do summed scores of a subset predict the losses of models that are trained on it? */
export interface Datamodelling {
  readonly methods: readonly DatamodellingScore[];
  /** Spearman of one seed's losses with another's, mean over pairs of seeds and over probe documents. */
  readonly seedToSeed: Estimate;
  /** What a perfect prediction would reach in the mean, given that noise. */
  readonly ceiling: number;
  readonly capabilities: readonly CapabilityDatamodelling[];
}

/** Leave-one-out of one capability. */
export interface LeaveOneOutAgreement {
  readonly capability: string;
  readonly sources: readonly {
    readonly source: string;
    /** ρ of each method. */
    readonly densities: readonly { readonly method: Method; readonly density: number }[];
    /** Δ of each seed: what the loss gains without the source, in nats per token. */
    readonly impacts: readonly number[];
  }[];
  /** Spearman over sources of ρ with the mean Δ. */
  readonly methods: readonly { readonly method: Method; readonly spearman: number }[];
  /** Spearman over sources of one seed's Δ with another's, mean over pairs of seeds. */
  readonly seedToSeed: number;
}

/** What is dropped from the candidates before a proxy is trained. */
export const DROPPED = ["nothing", "top", "random", "bottom"] as const;

/** A loss after dropping. */
export interface DroppedLoss {
  readonly which: typeof DROPPED[number];
  readonly seed: number;
  readonly probe: string;
  /** Mean over the capability's probe documents, in nats per token. */
  readonly negativeLogLikelihood: number;
}

/** A finished validation; plain JSON. */
export interface ValidationReport {
  /** What computed it. */
  readonly backend: string;
  readonly settings: ValidationSettings;
  readonly regime: TrainingRegime;
  readonly datamodelling: Datamodelling;
  readonly leaveOneOut: readonly LeaveOneOutAgreement[];
  readonly dropped: readonly DroppedLoss[];
  /** Of this call; what was done before takes none. */
  readonly seconds: number;
}
