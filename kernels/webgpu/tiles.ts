/**
 * The tiles that products are computed in.
 * @module
 */

/** Rows and columns of C that a workgroup computes, and the depth of one of its steps. */
export interface TileSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** How a tensor kernel is divided; every size a multiple of 16. */
export interface TensorTile extends TileSize {
  readonly kernel: "tensor";
  /** Rows and columns of a subgroup's part. */
  readonly subgroupM: number;
  readonly subgroupN: number;
}

/** How a vector kernel is divided; every size a multiple of 4. */
export interface VectorTile extends TileSize {
  readonly kernel: "vector";
  /** Rows and columns of C that one invocation computes. */
  readonly invocationM: number;
  readonly invocationN: number;
}

/** A tile with what the default choice needs to know of it, as measured on an H100. */
export interface RatedTile {
  readonly tile: TensorTile | VectorTile;
  /** Speed in the middle of a large product, relative to the fastest tile of its kind. */
  readonly rate: number;
  /** Workgroups that a multiprocessor holds at once, as its registers allow. */
  readonly resident: number;
}

type Sizes = readonly [m: number, n: number, k: number];

/** A workgroup's tile, and the rows and columns of a subgroup's part. */
function tensor(
  [m, n, k]: Sizes,
  [subgroupM, subgroupN]: readonly [number, number],
  rate: number,
  resident: number,
): [string, RatedTile] {
  const tile = { kernel: "tensor", m, n, k, subgroupM, subgroupN } as const;
  return [`tensor ${m}x${n}x${k} ${subgroupM}x${subgroupN}`, { tile, rate, resident }];
}

/** A workgroup's tile, and the rows and columns of an invocation's part. */
function vector(
  [m, n, k]: Sizes,
  [invocationM, invocationN]: readonly [number, number],
  rate: number,
  resident: number,
): [string, RatedTile] {
  const tile = { kernel: "vector", m, n, k, invocationM, invocationN } as const;
  return [`vector ${m}x${n}x${k} ${invocationM}x${invocationN}`, { tile, rate, resident }];
}

/** Every tile by its name. */
export const productTiles: ReadonlyMap<string, RatedTile> = new Map([
  tensor([128, 128, 32], [64, 64], 1, 2),
  tensor([256, 128, 32], [64, 64], 0.97, 1),
  tensor([192, 192, 32], [96, 48], 1.03, 1),
  tensor([128, 96, 32], [64, 48], 0.8, 2),
  tensor([96, 128, 32], [48, 64], 0.8, 2),
  tensor([128, 64, 32], [64, 32], 0.74, 3),
  tensor([64, 96, 32], [32, 48], 0.69, 4),
  tensor([64, 64, 32], [32, 32], 0.57, 6),
  vector([128, 128, 16], [16, 8], 1, 2),
  vector([128, 64, 16], [8, 4], 0.9, 3),
  vector([64, 64, 16], [4, 4], 0.75, 5),
]);
