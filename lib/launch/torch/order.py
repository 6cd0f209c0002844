"""The order of training data, as lib/shards/sampler.ts draws it: a pure function of (seed, stage, index).

Philox 4x32-10 (lib/core/random.ts) gives the numbers, Feistel networks (lib/core/permutation.ts) the orders. Whole numbers only: the same
on every machine, whatever the number of processes.
"""

import json
import math

WORD = 0xFFFFFFFF
FEISTEL_ROUNDS = 4


def philox(counter, key):
    """One block: four 32-bit words from a counter of four and a key of two."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0 = 0xD2511F53 * c0
        product1 = 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (product1 >> 32) ^ c1 ^ k0, product1 & WORD, (product0 >> 32) ^ c3 ^ k1, product0 & WORD
        k0 = (k0 + 0x9E3779B9) & WORD
        k1 = (k1 + 0xBB67AE85) & WORD
    return c0, c1, c2, c3


def derive_key(seed, *path):
    """The key of the stream that a seed and a path of names stand for."""
    data = json.dumps([seed, *path], separators=(",", ":"), ensure_ascii=False).encode()
    key = (len(data), 0)
    for i in range(0, len(data), 4):
        word = int.from_bytes(data[i : i + 4], "little")
        key = philox((word, i, *key), key)[:2]
    return key


class Permutation:
    """A permutation of 0 ... size - 1 that needs no memory."""

    def __init__(self, size, key):
        self.size = size
        self.key = key
        self.half = math.ceil(math.sqrt(size))

    def at(self, index):
        while True:
            index = self.encipher(index)
            if index < self.size:
                return index

    def encipher(self, value):
        left, right = divmod(value, self.half)
        for number in range(FEISTEL_ROUNDS):
            counter = number * self.half + right
            random = philox((counter & WORD, counter >> 32, 0, 0), self.key)[0]
            left, right = right, (left + random) % self.half
        return left * self.half + right


class MixtureSampler:
    """Sequences of a mixture in their order."""

    def __init__(self, seed, stage, sources):
        """sources: name, sequences (drawn from it) and windows (that it holds) of each, in the mixture's order."""
        self.seed = seed
        self.stage = stage
        self.sources = sources
        total = sum(source["sequences"] for source in sources)
        self.order = Permutation(total, derive_key(seed, stage, "order"))

    def at(self, index):
        """Name of the source, and which of its windows."""
        ordinal = self.order.at(index)
        for source in self.sources:
            if ordinal < source["sequences"]:
                epoch, place = divmod(ordinal, source["windows"])
                key = derive_key(self.seed, self.stage, "windows", source["name"], epoch)
                return source["name"], Permutation(source["windows"], key).at(place)
            ordinal -= source["sequences"]
        raise IndexError(index)
