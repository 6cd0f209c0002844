/** A system that answers as a test wants. */
import type { AnswerRequest, LogLikelihood, LogLikelihoodRequest, System } from "../../lib/eval/system.ts";

/** What it says; it has log-likelihoods where a function for them is given. */
export interface Stub {
  readonly logLikelihood?: (request: LogLikelihoodRequest, index: number) => LogLikelihood;
  readonly answer?: (request: AnswerRequest) => string;
}

/** The system. Its name is "stub". */
export function stubSystem({ logLikelihood, answer = () => "" }: Stub): System {
  return {
    name: "stub",
    ...(logLikelihood && {
      async *logLikelihoods(requests) {
        for (const [index, request] of requests.entries()) yield { index, ...logLikelihood(request, index) };
      },
    }),
    async *answers(requests, signal) {
      for (const [index, request] of requests.entries()) {
        signal.throwIfAborted();
        yield { index, text: answer(request), tokens: null, finish: "stop" };
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
