/** Small benchmark files made by hand, in the published layouts. */
import { fileURLToPath } from "node:url";

/** In the layouts of the hub and of the authors. */
export const HUB = fileURLToPath(new URL("../fixtures/benchmarks/hub", import.meta.url));

/** In LLM-Adapters' layout; TriviaQA in its authors'. */
export const ADAPTERS = fileURLToPath(new URL("../fixtures/benchmarks/adapters", import.meta.url));
