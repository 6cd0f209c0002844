/**
 * What a judge is trained on: beginnings of documents, each with the prompts' weak labels, and the questions made of them.
 * @module
 */
import { fingerprint } from "../core/artefacts.ts";
import { UsageError } from "../core/errors.ts";
import { Random } from "../core/random.ts";
import { isHeldOut } from "../shards/split.ts";
import type { Document } from "../sources/document.ts";
import type { Domain } from "../sources/spec.ts";
import { labelOf, LABELS_DESCRIPTION, PROMPT_NAMES, type PromptName } from "./judge_labels.ts";
import { CAPABILITIES } from "./probing.ts";
import { Reservoir } from "./reservoir.ts";

/** A document with its labels. */
export interface LabelledDocument {
  readonly document: Document;
  readonly labels: Readonly<Record<PromptName, 0 | 1 | null>>;
}

/** How documents are taken. */
export interface ExampleSettings {
  /** Most documents of a source to train on, a random sample. */
  readonly documentsPerSource: number;
  /** Most documents of a source that only the report sees. */
  readonly heldOutPerSource: number;
  /** Share of the documents, by their ids, that those are taken from. */
  readonly heldOutShare: number;
  readonly seed: number;
}

/** A question with its answer. */
export interface Example {
  readonly prompt: PromptName;
  readonly document: Document;
  readonly label: 0 | 1;
}

/** Documents to train on, and documents held out. */
export class Examples {
  private constructor(
    private readonly training: readonly LabelledDocument[],
    private readonly heldOut: readonly LabelledDocument[],
    private readonly seed: number,
  ) {}

  /**
   * Samples a stream, each source by itself, so that a large one does not crowd out the others.
   *
   * @param characters Beginning of each document that is kept, in UTF-16 units.
   * @throws {UsageError} where a prompt has no document of one of its two labels to train on, or none held out.
   */
  static async sample(
    documents: AsyncIterable<Document>,
    domains: Readonly<Record<string, Domain>>,
    characters: number,
    settings: ExampleSettings,
  ): Promise<Examples> {
    const { documentsPerSource, heldOutPerSource, heldOutShare, seed } = settings;
    const training = new Map<string, Reservoir<LabelledDocument>>();
    const heldOut = new Map<string, Reservoir<LabelledDocument>>();
    for await (const document of documents) {
      const { id, source, text } = document;
      const domain = domains[source];
      if (domain === undefined || domain === "other") continue;
      const held = isHeldOut(id, heldOutShare);
      const pools = held ? heldOut : training;
      let pool = pools.get(source);
      if (pool === undefined) {
        const random = Random.of(seed, "judge", held ? "held out" : "training", source);
        pool = new Reservoir(held ? heldOutPerSource : documentsPerSource, random);
        pools.set(source, pool);
      }
      pool.offer(() => ({
        document: { ...document, text: text.slice(0, characters) },
        labels: labelsOf(text, domain),
      }));
    }
    const all = (pools: typeof training) => [...pools.values()].flatMap(({ items }) => items);
    const examples = new Examples(all(training), all(heldOut), seed);
    examples.#check();
    return examples;
  }

  #check(): void {
    for (const [name, part] of [["train on", this.training], ["hold out", this.heldOut]] as const) {
      for (const prompt of PROMPT_NAMES) {
        for (const label of [0, 1] as const) {
          if (part.some(({ labels }) => labels[prompt] === label)) continue;
          throw new UsageError(
            `Weak labels (${LABELS_DESCRIPTION}): of ${part.length} documents to ${name}, none has label ${label} ` +
              `for the prompt "${prompt}", expected some; name a judge, or more sources.`,
          );
        }
      }
    }
  }

  /** Hash of documents and labels. */
  get hash(): string {
    const facts = (part: readonly LabelledDocument[]) =>
      part.map(({ document: { id }, labels }) => [id, labels]);
    return fingerprint([facts(this.training), facts(this.heldOut)]);
  }

  /** Documents with a label for a prompt. */
  counts(prompt: PromptName): { training: number; heldOut: number } {
    const count = (part: readonly LabelledDocument[]) =>
      part.filter(({ labels }) => labels[prompt] !== null).length;
    return { training: count(this.training), heldOut: count(this.heldOut) };
  }

  /** Documents held out that have a label for a prompt. */
  heldOutFor(prompt: PromptName): Example[] {
    return this.heldOut.flatMap(({ document, labels: { [prompt]: label } }) =>
      label === null ? [] : [{ prompt, document, label }]
    );
  }

  /**
   * The endless order of training, in rounds of one question for each prompt and label. The documents of a label come in random order,
   * again once all were had. In three rounds of four a domain's 0 goes to a document that is another domain's 1 in the same round: the
   * prompt alone tells the two questions apart, so that it has to be read.
   */
  *order(): Generator<Example, never> {
    const stream = (prompt: PromptName, label: 0 | 1) =>
      shuffledForEver(
        this.training.filter(({ labels }) => labels[prompt] === label).map(({ document }) => document),
        (epoch) => Random.of(this.seed, "judge", "order", prompt, label, epoch),
      );
    const reasoning = [stream("reasoning", 0), stream("reasoning", 1)] as const;
    const ones = CAPABILITIES.map((capability) => stream(capability, 1));
    const zeros = CAPABILITIES.map((capability) => stream(capability, 0));
    for (let round = 0;; round++) {
      for (const label of [1, 0] as const) {
        yield { prompt: "reasoning", document: reasoning[label].next().value, label };
      }
      const documents = ones.map((stream) => stream.next().value);
      for (const [i, prompt] of CAPABILITIES.entries()) {
        const other = (i + 1 + round % 2) % CAPABILITIES.length;
        const contrast = round % 4 === 3 ? zeros[i]?.next().value : documents[other];
        // There is a document and a stream for each capability.
        yield { prompt, document: documents[i] as Document, label: 1 };
        yield { prompt, document: contrast as Document, label: 0 };
      }
    }
  }
}

function labelsOf(text: string, domain: Domain): LabelledDocument["labels"] {
  const label = (prompt: PromptName) => labelOf(prompt, text, domain);
  return {
    reasoning: label("reasoning"),
    code: label("code"),
    math: label("math"),
    knowledge: label("knowledge"),
  };
}

/** @param items At least one. */
function* shuffledForEver<Item>(
  items: readonly Item[],
  randomOf: (epoch: number) => Random,
): Generator<Item, never> {
  for (let epoch = 0;; epoch++) yield* randomOf(epoch).shuffled(items);
}
