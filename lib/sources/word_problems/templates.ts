/**
 * Templates of arithmetic word problems in two steps: one of ten beginnings, which computes a first number, and one of ten
 * ends, which computes the answer from it. A template is a pair of them; a fifth of the pairs is held out, so that a model
 * meets every sentence in training, but never these combinations.
 * @module
 */

/** What happens to two numbers in a step. */
export type Operation = "+" | "-" | "*" | "/";

/** What a sentence can mention. */
export interface Scene {
  readonly name: string;
  /** Plural noun. */
  readonly things: string;
  /** Second numbers of the steps; `first` is also the number that the story begins with, or 0 where it begins with groups. */
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

/** The first step: `first ∘ second`. */
export interface Beginning {
  readonly operation: Operation;
  readonly story: (scene: Scene) => string;
}

/** The second step: `(what the first gave) ∘ third`. */
export interface End {
  readonly operation: Operation;
  readonly story: (scene: Scene) => string;
  readonly question: (scene: Scene) => string;
  /** Worked step; `sum` is such as "3 * 8 = 24". */
  readonly step: (scene: Scene, sum: string) => string;
}

/** A template. */
export interface Template {
  /** "beginning-end", both by number. */
  readonly name: string;
  readonly beginning: Beginning;
  readonly end: End;
}

/** Which of the disjoint sets of templates. */
export type Split = "training" | "held out";

/** The first step, worked, whatever the beginning. */
export function firstStep({ name, things }: Scene, sum: string): string {
  return `${name} has ${sum} ${things}.`;
}

const BEGINNINGS: readonly Beginning[] = [
  {
    operation: "+",
    story: ({ name, things, first, second }) =>
      `${name} has ${first} ${things}. ${name} finds ${second} more ${things}.`,
  },
  {
    operation: "+",
    story: ({ name, things, first, second }) =>
      `${name} has ${first} ${things}. A friend gives ${name} ${second} ${things}.`,
  },
  {
    operation: "+",
    story: ({ name, things, first, second }) =>
      `${name} buys ${first} ${things} on Monday and ${second} ${things} on Tuesday.`,
  },
  {
    operation: "+",
    story: ({ name, things, first, second }) =>
      `There are ${first} red ${things} and ${second} blue ${things} in the bag of ${name}.`,
  },
  {
    operation: "-",
    story: ({ name, things, first, second }) =>
      `${name} has ${first} ${things}. ${name} loses ${second} ${things}.`,
  },
  {
    operation: "-",
    story: ({ name, things, first, second }) =>
      `${name} has ${first} ${things}. ${name} gives ${second} ${things} to a friend.`,
  },
  {
    operation: "-",
    story: ({ name, things, first, second }) =>
      `${name} had ${first} ${things}, but ${second} of them are broken and thrown away.`,
  },
  {
    operation: "*",
    story: ({ name, things, first, second }) =>
      `${name} has ${first} boxes with ${second} ${things} in each.`,
  },
  {
    operation: "*",
    story: ({ name, things, first, second }) =>
      `For ${first} days ${name} collects ${second} ${things} a day.`,
  },
  {
    operation: "*",
    story: ({ name, things, first, second }) => `${name} puts ${things} into ${first} rows of ${second}.`,
  },
];

const howMany = ({ name, things }: Scene) => `How many ${things} does ${name} have now?`;
const then = ({ name, things }: Scene, sum: string) => `Then ${name} has ${sum} ${things}.`;

const ENDS: readonly End[] = [
  {
    operation: "+",
    story: ({ name, third, things }) => `Then ${name} makes ${third} new ${things}.`,
    question: howMany,
    step: then,
  },
  {
    operation: "+",
    story: ({ name, third }) => `After that ${name} gets ${third} more from an aunt.`,
    question: howMany,
    step: then,
  },
  {
    operation: "+",
    story: ({ name, third }) => `Later ${name} wins ${third} more in a game.`,
    question: howMany,
    step: then,
  },
  {
    operation: "-",
    story: ({ name, third, things }) => `Then ${name} sells ${third} ${things}.`,
    question: howMany,
    step: then,
  },
  {
    operation: "-",
    story: ({ name, third }) => `After that ${name} leaves ${third} of them at school.`,
    question: howMany,
    step: then,
  },
  {
    operation: "-",
    story: ({ third }) => `Later a dog runs off with ${third} of them.`,
    question: howMany,
    step: then,
  },
  {
    operation: "*",
    story: ({ name, third }) => `${name} sells all of them for ${third} dollars each.`,
    question: ({ name }) => `How many dollars does ${name} get?`,
    step: ({ name }, sum) => `${name} gets ${sum} dollars.`,
  },
  {
    operation: "*",
    story: ({ third, things }) => `Each of the ${things} weighs ${third} grams.`,
    question: ({ things }) => `How many grams do the ${things} weigh together?`,
    step: ({ things }, sum) => `The ${things} weigh ${sum} grams.`,
  },
  {
    operation: "/",
    story: ({ name, third }) => `${name} shares all of them equally among ${third} friends.`,
    question: ({ things }) => `How many ${things} does each friend get?`,
    step: ({ things }, sum) => `Each friend gets ${sum} ${things}.`,
  },
  {
    operation: "/",
    story: ({ name, third }) => `${name} packs all of them into ${third} equal bags.`,
    question: ({ things }) => `How many ${things} are in each bag?`,
    step: ({ things }, sum) => `Each bag has ${sum} ${things}.`,
  },
];

/** Every fifth pair along the diagonals is held out: two of each row and of each column. */
const HELD_OUT_EVERY = 5;

/** The templates of a split, in a fixed order: 80 for training, 20 held out. */
export const TEMPLATES: Readonly<Record<Split, readonly Template[]>> = {
  training: pairs(false),
  "held out": pairs(true),
};

function pairs(heldOut: boolean): Template[] {
  return BEGINNINGS.flatMap((beginning, i) =>
    ENDS.flatMap((end, j) =>
      ((i + j) % HELD_OUT_EVERY === 0) === heldOut ? [{ name: `${i}-${j}`, beginning, end }] : []
    )
  );
}
