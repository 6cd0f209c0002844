/**
 * Which tile computes which product: a safe choice for any shape, and what `bench --tune` measured on an adapter.
 *
 * A tile decides the order of sums, hence the bits of a result. A run that is to repeat exactly keeps the tuning of its first
 * device (`Device.tuning`) in its checkpoint and opens the next one with it.
 * @module
 */
import { productTiles, type RatedTile } from "./tiles.ts";

/** How a product is divided: a tile's name, and the number of ranges of k whose sums a second pass adds. */
export interface ProductChoice {
  readonly tile: string;
  readonly split: number;
}

/** What was measured on one kind of device. */
export interface Tuning {
  readonly adapter: string;
  /** By `productKey`. */
  readonly products: Readonly<Record<string, ProductChoice>>;
}

/** Sizes, layouts and types of a product, as a key of `Tuning.products`. */
export interface ProductKey {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: { readonly type: string };
  readonly b: { readonly type: string };
  readonly c: { readonly type: string };
}

/** "8192x576x2048 NT f16 f16 f32". */
export function productKey({ m, n, k, transposeA, transposeB, a, b, c }: ProductKey): string {
  return `${m}x${n}x${k} ${transposeA ? "T" : "N"}${transposeB ? "T" : "N"} ${a.type} ${b.type} ${c.type}`;
}

/** The device that the default choice has in mind: an H100's multiprocessors; multiply-adds of each, and bytes, in a microsecond. */
const model = {
  processors: 132,
  tensorRate: 1.1e6,
  vectorRate: 1.6e5,
  bandwidth: 2.5e6,
  dispatch: 4,
} as const;

/** Ranges of k worth considering. */
const splits = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32] as const;

/** Depth whose time a workgroup spends before its first and after its last step. */
const startDepth = 96;

/** What a choice's time depends on. */
export interface ProductSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Whether C is read before it is written, in f32. */
  readonly accumulate?: boolean;
}

/** Microseconds that a choice should take on the modelled device: good enough to rank choices. */
export function expectedMicroseconds(
  { m, n, k, accumulate }: ProductSize,
  { tile, rate, resident }: RatedTile,
  split: number,
): number {
  const workgroups = Math.ceil(m / tile.m) * Math.ceil(n / tile.n) * split;
  const rounds = Math.ceil(workgroups / model.processors);
  // The last workgroups of a processor have no others to run while they wait at barriers and for memory.
  const waiting = rounds % resident === 0 ? 0 : 1 - rounds % resident / resident;
  const perMicrosecond = (tile.kernel === "tensor" ? model.tensorRate : model.vectorRate) * rate;
  const depth = Math.ceil(k / split) + startDepth;
  const sums = split === 1 ? 0 : model.dispatch + split * m * n * 8 / model.bandwidth;
  // Reading C stalls a workgroup; twice as long where no other one goes on meanwhile.
  const reading = accumulate && split === 1 ? (resident === 1 ? 2 : 1) * m * n * 8 / model.bandwidth : 0;
  return (rounds + waiting) * tile.m * tile.n * depth / perMicrosecond + sums + reading;
}

/** All choices for a product, the most promising first. */
export function choicesFor(
  size: ProductSize,
  kernel: "tensor" | "vector",
  largestSplit = Infinity,
): ProductChoice[] {
  const choices: (ProductChoice & { readonly microseconds: number })[] = [];
  for (const [name, rated] of productTiles) {
    if (rated.tile.kernel !== kernel) continue;
    for (const split of splits) {
      // Below four steps a range is mostly start.
      if (split > 1 && (split > largestSplit || size.k / split < 4 * rated.tile.k)) continue;
      choices.push({ tile: name, split, microseconds: expectedMicroseconds(size, rated, split) });
    }
  }
  choices.sort((x, y) => x.microseconds - y.microseconds);
  return choices.map(({ tile, split }) => ({ tile, split }));
}

function tuningFile(adapter: string, folder: string): string {
  return `${folder}/${adapter.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.json`;
}

/** Where tunings are cached, from the repository's root. */
export const tuningFolder = ".cache/tuning";

/** The cached tuning of an adapter; an empty one where nothing usable is cached. */
export async function readTuning(adapter: string, folder = tuningFolder): Promise<Tuning> {
  try {
    const tuning: Tuning = JSON.parse(await Deno.readTextFile(tuningFile(adapter, folder)));
    const known = Object.entries(tuning.products).filter(([, { tile }]) => productTiles.has(tile));
    if (tuning.adapter === adapter) return { adapter, products: Object.fromEntries(known) };
  } catch (error) {
    // A cache: an absent or damaged file means only that nothing is tuned.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof SyntaxError)) throw error;
  }
  return { adapter, products: {} };
}

/** Caches a tuning. */
export async function writeTuning(tuning: Tuning, folder = tuningFolder): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const file = tuningFile(tuning.adapter, folder);
  await Deno.writeTextFile(`${file}.part`, JSON.stringify(tuning, null, 2) + "\n");
  await Deno.rename(`${file}.part`, file);
}
