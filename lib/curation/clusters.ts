/**
 * Clusters of duplicates, and which document of each is kept.
 * @module
 */
import type { Document } from "../sources/document.ts";

/** Disjoint sets of the numbers 0 … size − 1 (Tarjan, 1975); a set's root is its smallest member, whatever the order of unions. */
export class DisjointSets {
  readonly #parents: Uint32Array;

  constructor(size: number) {
    this.#parents = Uint32Array.from({ length: size }, (_, i) => i);
  }

  /** The smallest member of the set that holds a member. */
  find(member: number): number {
    const parents = this.#parents;
    let root = member;
    // Parents are members, so every index is in range. Halving the path keeps it short.
    for (let parent = parents[root] as number; parent !== root; parent = parents[root] as number) {
      parents[root] = parents[parent] as number;
      root = parents[root] as number;
    }
    return root;
  }

  /** Joins two sets. */
  join(a: number, b: number): void {
    const rootA = this.find(a), rootB = this.find(b);
    this.#parents[Math.max(rootA, rootB)] = Math.min(rootA, rootB);
  }

  /** The root of every member [size]. */
  roots(): Uint32Array<ArrayBuffer> {
    return Uint32Array.from({ length: this.#parents.length }, (_, i) => this.find(i));
  }
}

/**
 * Which document stands for each: the one of its cluster with the highest score, of several the first; without scores, the first.
 *
 * @param roots Cluster of every document [documents], as {@link DisjointSets.roots} gives it.
 * @param scores [documents].
 * @returns [documents]: the number of the kept document of the same cluster; `i` is kept where it is its own.
 *
 * @example
 * ```ts
 * import { keptOfCluster } from "./clusters.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual([...keptOfCluster([0, 0, 2])], [0, 0, 2]);
 * assert.deepEqual([...keptOfCluster([0, 0, 2], [0.1, 0.9, 0.5])], [1, 1, 2]);
 * ```
 */
export function keptOfCluster(
  roots: ArrayLike<number>,
  scores?: ArrayLike<number>,
): Uint32Array<ArrayBuffer> {
  // A cluster's first document is its root.
  const best = Uint32Array.from(roots);
  for (let i = 0; i < roots.length; i++) {
    // Numbers of documents, in range.
    const root = roots[i] as number, rival = best[root] as number;
    if ((scores?.[i] ?? 0) > (scores?.[rival] ?? 0)) best[root] = i;
  }
  return Uint32Array.from(roots, (root) => best[root] as number);
}

/** A document that another one stands for. */
export interface Duplicate {
  readonly id: string;
  readonly source: string;
  readonly keptId: string;
  readonly keptSource: string;
}

/** The documents that are not kept, in order, with the ones that stand for them. */
export function listDuplicates(
  documents: readonly Pick<Document, "id" | "source">[],
  kept: Uint32Array,
): Duplicate[] {
  const duplicates: Duplicate[] = [];
  documents.forEach(({ id, source }, i) => {
    const standing = documents[kept[i] ?? i];
    if (kept[i] === i || standing === undefined) return;
    duplicates.push({ id, source, keptId: standing.id, keptSource: standing.source });
  });
  return duplicates;
}
