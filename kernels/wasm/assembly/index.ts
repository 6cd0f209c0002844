/** The module's exports: everything that a plan calls. */
export { packRight, packRightTransposed } from "./pack";
export { multiplyPacked, multiplyTransposed } from "./product";
export { rmsNormBackward, rmsNormForward } from "./norm";
export { headNormBackward, headNormForward } from "./head_norm";
export { rotaryBackward, rotaryForward } from "./rotary";
export { attentionBackward, attentionForward } from "./attention";
export { swigluBackward, swigluForward } from "./swiglu";
export { crossEntropy, distil, distilTop } from "./loss";
export { gatherRows, scatterRows } from "./embedding";
export { sumOfSquares, sumParts } from "./reduce";
export {
  gatherLogitGradients,
  gatherNorm,
  gatherProduct,
  gradientNorm,
  gramNorm,
  linearProduct,
  multiplyTransposedWeighted,
  scatterRowsWeighted,
  tiedNorm,
} from "./influence";
export { clear, copy } from "./move";
export { adamw } from "./adamw";
export { gatherPanels, multiplyRow } from "./vector_product";
export { gatherQuantised, multiplyQuantised, quantiseRows } from "./quantised";
export { attendBlock, combineBlocks } from "./cached_attention";
