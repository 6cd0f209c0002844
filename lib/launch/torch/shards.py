"""Batches of a stage from token shards in safetensors: lib/shards, for one process of several."""

import bisect
import json
from pathlib import Path

import numpy as np
from order import MixtureSampler
from safetensors import safe_open


class Shards:
    """The tokens of a source as one long array that stays on disk."""

    def __init__(self, directory):
        index = json.loads((Path(directory) / "index.json").read_text())
        self.files = []
        self.first_tokens = []
        tokens = documents = 0
        for shard in index["shards"]:
            file = safe_open(Path(directory) / shard["file"], "np")
            self.files.append((file.get_slice("tokens"), file.get_tensor("documents"), documents, shard["tokens"]))
            self.first_tokens.append(tokens)
            tokens += shard["tokens"]
            documents += shard["documents"]
        self.tokens = tokens

    def read(self, start, count):
        """Tokens start ... start + count - 1, and the number of the document that each belongs to."""
        tokens = np.empty(count, np.int64)
        documents = np.empty(count, np.int64)
        place = bisect.bisect_right(self.first_tokens, start) - 1
        done = 0
        while done < count:
            values, starts, first_document, size = self.files[place]
            first = start + done - self.first_tokens[place]
            length = min(count - done, size - first)
            tokens[done : done + length] = values[first : first + length]
            positions = np.arange(first, first + length)
            documents[done : done + length] = first_document + np.searchsorted(starts, positions, "right") - 1
            done += length
            place += 1
        return tokens, documents


class Batches:
    """A stage's batches; a process has its share of the sequences of each, so all processes together have the same at any number."""

    def __init__(self, job, rank, processes):
        if job["sequences"] % processes != 0:
            raise SystemExit(f"A batch has {job['sequences']} sequences, expected a multiple of the {processes} processes.")
        self.length = job["length"]
        self.sequences = job["sequences"]
        self.share = self.sequences // processes
        self.first = rank * self.share
        self.sampler = MixtureSampler(job["seed"], job["stage"], job["sources"])
        self.shards = {source["name"]: Shards(source["directory"]) for source in job["sources"]}

    def batch(self, step):
        """Tokens [share, length + 1], and the documents of the first `length` of each."""
        tokens = np.empty((self.share, self.length + 1), np.int64)
        documents = np.empty((self.share, self.length), np.int64)
        for row in range(self.share):
            source, window = self.sampler.at(step * self.sequences + self.first + row)
            tokens[row], owners = self.shards[source].read(window * self.length, self.length + 1)
            documents[row] = owners[:-1]
        return tokens, documents
