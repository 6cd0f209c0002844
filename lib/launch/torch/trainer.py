"""Trains a stage with PyTorch: torchrun trainer.py JOB.json DIRECTORY.

The same initial weights, shards, mixture, order of batches, loss, schedule and optimizer as lib/train/loop.ts; parameters, gradients and moments
are sharded over all processes (FSDP). DIRECTORY takes metrics.jsonl and checkpoints, from the newest of which a killed run goes on, with
any number of processes; in the end model/, as transformers writes it, and verification.json: its cross-entropy on the first batch, and the
memory of the first process's GPU that training took at most. Standard output has the lines of metrics.jsonl as they come.
"""

import json
import math
import os
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
from checkpoints import load_checkpoint, save_checkpoint, save_model
from distillation import divergence, open_teacher
from forward import logits_of
from shards import Batches
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from transformers import Llama4ForCausalLM


def learning_rate(schedule, step):
    """lib/train/schedule.ts: linear warm-up, then linear or cosine decay to a share of the peak."""
    if step < schedule["warmupSteps"]:
        return schedule["peak"] * (step + 1) / schedule["warmupSteps"]
    decay_steps = max(1, schedule["totalSteps"] - schedule["warmupSteps"])
    progress = min(1, (step - schedule["warmupSteps"]) / decay_steps)
    remaining = 1 - progress if schedule["decay"] == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return schedule["peak"] * (schedule["floor"] + (1 - schedule["floor"]) * remaining)


def compute_type(job, device):
    """What products are computed in; weights, gradients and moments are float32 always."""
    precision = job["precision"] or ("bfloat16" if device.type == "cuda" else "float32")
    # Not TF32, whatever the machine's default.
    torch.set_float32_matmul_precision("highest")
    return getattr(torch, precision)


def load_model(directory, compute, device):
    """The student, sharded by layers; they are gathered for their products, and their gradients scattered, in turn.

    Layers are compiled where bfloat16 is computed in, a quarter faster on an H100; float32, in which trainings are compared, is left as it is written.
    """
    model = Llama4ForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="sdpa").to(device)
    policy = MixedPrecisionPolicy(param_dtype=compute, reduce_dtype=torch.float32)
    for layer in model.model.layers:
        if device.type == "cuda" and compute == torch.bfloat16:
            layer.compile()
        fully_shard(layer, mp_policy=policy)
    fully_shard(model, mp_policy=policy)
    return model


def create_optimizer(model, settings, device):
    """AdamW, on GPUs in one kernel; the layers' matrices decay, embedding, head and norms do not."""
    decayed, others = [], []
    for name, parameter in model.named_parameters():
        (decayed if name.endswith("_proj.weight") else others).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": settings["weightDecay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups,
        lr=0.0,
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["epsilon"],
        fused=device.type == "cuda",
    )


class Loss:
    """The job's loss: cross-entropy, or a share of it beside the divergence from a teacher."""

    def __init__(self, model, job, compute, device):
        self.model = model
        self.settings = job["teacher"]
        self.teacher = open_teacher(self.settings, compute, device)

    def sum(self, step, first, tokens, documents):
        """Over all positions of sequences first, first + 1 ... of a step's batch; tokens [sequences, length + 1]."""
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        logits = logits_of(self.model, inputs, documents)
        cross_entropy = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")
        if self.teacher is None:
            return cross_entropy
        share = self.settings["crossEntropyShare"]
        said, ids = self.teacher.logits(step, first, inputs, documents)
        distance = divergence(logits, said, ids, self.settings["temperature"], self.settings["direction"])
        return share * cross_entropy + (1 - share) * distance


def train_step(loss_of, optimizer, batches, step, job, device):
    """One update. Returns the loss of the whole batch before it, in nats a token, and the gradient's norm."""
    tokens, documents = (torch.from_numpy(part).to(device) for part in batches.batch(step))
    processes = dist.get_world_size()
    targets = job["sequences"] * job["length"]
    at_once = job["sequencesAtOnce"] or len(tokens)
    loss = torch.zeros((), device=device)
    for first in range(0, len(tokens), at_once):
        part = slice(first, first + at_once)
        part_loss = loss_of.sum(step, batches.first + first, tokens[part], documents[part]) / targets
        # Gradients are averaged over the processes; a loss is a sum.
        (part_loss * processes).backward()
        loss += part_loss.detach()
    dist.all_reduce(loss)
    norm = torch.nn.utils.clip_grad_norm_(loss_of.model.parameters(), job["optimizer"]["maxGradientNorm"])
    norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
    optimizer.step()
    optimizer.zero_grad()
    return loss.item(), norm.item()


@torch.no_grad()
def evaluate(model, batch, job, device):
    """The cross-entropy of the whole batch: whoever loads the model elsewhere can tell whether it is the same function."""
    tokens, documents = (torch.from_numpy(part).to(device) for part in batch)
    loss = torch.zeros((), device=device)
    for row in range(len(tokens)):
        logits = logits_of(model, tokens[row : row + 1, :-1], documents[row : row + 1])
        loss += torch.nn.functional.cross_entropy(logits[0], tokens[row, 1:], reduction="sum")
    dist.all_reduce(loss)
    return loss.item() / (job["sequences"] * job["length"])


def keep_metrics(path, step):
    """Drops the lines of updates that will be done again."""
    if not path.exists():
        return
    lines = [line for line in path.read_text().splitlines() if line.endswith("}") and json.loads(line)["step"] <= step]
    path.write_text("".join(f"{line}\n" for line in lines))


def main(job_path, directory):
    job = json.loads(Path(job_path).read_text())
    folder = Path(directory)
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    device = torch.device("cuda" if cuda else "cpu")
    dist.init_process_group("nccl" if cuda else "gloo")
    rank = dist.get_rank()

    compute = compute_type(job, device)
    model = load_model(job["model"], compute, device)
    loss_of = Loss(model, job, compute, device)
    optimizer = create_optimizer(model, job["optimizer"], device)
    batches = Batches(job, rank, dist.get_world_size())
    checkpoints = folder / "checkpoints"
    if rank == 0:
        checkpoints.mkdir(parents=True, exist_ok=True)
    step = load_checkpoint(checkpoints, job, model, optimizer)
    metrics = folder / "metrics.jsonl"
    if rank == 0:
        keep_metrics(metrics, step)

    tokens_per_step = job["sequences"] * job["length"]
    while step < job["schedule"]["totalSteps"]:
        started = time.perf_counter()
        rate = learning_rate(job["schedule"], step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss, norm = train_step(loss_of, optimizer, batches, step, job, device)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise SystemExit(f"{job['stage']}: loss {loss}, gradient norm {norm} at step {step}: the run diverged.")
        step += 1
        if rank == 0:
            line = {
                "kind": "step",
                "stage": job["stage"],
                "step": step,
                "tokens": step * tokens_per_step,
                "loss": loss,
                "learningRate": rate,
                "gradientNorm": norm,
                "tokensPerSecond": tokens_per_step / (time.perf_counter() - started),
            }
            with metrics.open("a") as file:
                file.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
        if step % job["checkpointEvery"] == 0:
            save_checkpoint(checkpoints, step, job, model, optimizer)
    peak = torch.cuda.max_memory_allocated() if cuda else None
    loss = evaluate(model, batches.batch(0), job, device)
    save_model(folder, model)
    if rank == 0:
        (folder / "verification.json").write_text(json.dumps({"loss": loss, "peakBytes": peak}))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
