"""A teacher's part of the loss, as lib/train/distillation and lib/model/reference_loss.ts have it."""

from pathlib import Path

import numpy as np
import torch
from forward import logits_of
from safetensors import safe_open
from transformers import AutoModelForCausalLM


class ModelTeacher:
    """A model directory of transformers, whole on each process."""

    def __init__(self, directory, top_k, compute, device):
        self.model = AutoModelForCausalLM.from_pretrained(directory, dtype=compute, attn_implementation="sdpa").to(device)
        self.model.eval()
        self.top_k = top_k

    @torch.no_grad()
    def logits(self, step, first, tokens, documents):
        """The k largest logits of each position [sequences, length, k] and their ids; of all of them, without ids.

        step and first: the batch, and the place of the first of these sequences in it.
        """
        logits = logits_of(self.model, tokens, documents)
        return (logits, None) if self.top_k is None else logits.topk(self.top_k)


class CachedTeacher:
    """Logits that lib/train/distillation/teacher_cache.ts kept, a file a step."""

    def __init__(self, directory, device):
        self.directory = Path(directory)
        self.device = device

    def logits(self, step, first, tokens, documents):
        path = self.directory / f"step-{step:08d}.safetensors"
        if not path.exists():
            raise SystemExit(f"{self.directory} has no logits of step {step}, and no teacher to ask.")
        sequences, length = documents.shape
        rows = slice(first * length, (first + sequences) * length)
        with safe_open(path, "np") as file:
            kept = file.get_slice("logits")[rows].astype(np.float32), file.get_slice("ids")[rows].astype(np.int64)
        return tuple(torch.from_numpy(part).view(sequences, length, -1).to(self.device) for part in kept)


def open_teacher(settings, compute, device):
    """The job's teacher; None where it has none."""
    if settings is None:
        return None
    if settings["cached"]:
        return CachedTeacher(settings["directory"], device)
    return ModelTeacher(settings["directory"], settings["topK"], compute, device)


def divergence(student, teacher, ids, temperature, direction):
    """The sum of tau^2 KL over all positions, in nats; forward: KL(teacher || student).

    The teacher's distribution is over the logits that are given, the student's over the whole vocabulary.
    """
    log_p = torch.log_softmax(teacher / temperature, -1)
    log_q = torch.log_softmax(student / temperature, -1)
    if ids is not None:
        log_q = log_q.gather(-1, ids)
    log_a, log_b = (log_p, log_q) if direction == "forward" else (log_q, log_p)
    return temperature**2 * (log_a.exp() * (log_a - log_b)).sum()
