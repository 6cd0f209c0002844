"""Trains a stage with PyTorch: torchrun trainer.py JOB.json DIRECTORY.

The same initial weights, shards, mixture, order of batches, schedule and optimizer as lib/train/loop.ts; parameters, gradients and moments
are sharded over all processes (FSDP). DIRECTORY takes metrics.jsonl and checkpoints, from the newest of which a killed run goes on, with
any number of processes; in the end model/, as transformers writes it, and verification.json, its loss on the first batch. Standard output has the lines of
metrics.jsonl as they come.
"""

import json
import math
import os
import shutil
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from shards import Batches
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_state_dict,
)
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


def load_model(job, device):
    """Weights in float32; on GPUs, products are computed in bfloat16."""
    model = Llama4ForCausalLM.from_pretrained(job["model"], dtype=torch.float32, attn_implementation="sdpa").to(device)
    compute = torch.bfloat16 if device.type == "cuda" else torch.float32
    policy = MixedPrecisionPolicy(param_dtype=compute, reduce_dtype=torch.float32)
    for layer in model.model.layers:
        fully_shard(layer, mp_policy=policy)
    fully_shard(model, mp_policy=policy)
    return model


def create_optimizer(model, settings):
    """AdamW; the layers' matrices decay, embedding, head and norms do not."""
    decayed, others = [], []
    for name, parameter in model.named_parameters():
        (decayed if name.endswith("_proj.weight") else others).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": settings["weightDecay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"])


def sum_of_losses(model, tokens, documents):
    """Sum of the cross-entropy over all targets; attention looks back, and never into another document."""
    length = documents.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
    mask = (causal & (documents[:, :, None] == documents[:, None, :]))[:, None]
    masks = {"full_attention": mask, "chunked_attention": mask}
    logits = model(input_ids=tokens[:, :-1], attention_mask=masks, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")


def train_step(model, optimizer, batch, job, device):
    """One update. Returns the loss of the whole batch before it, in nats a token, and the gradient's norm."""
    tokens, documents = (torch.from_numpy(part).to(device) for part in batch)
    processes = dist.get_world_size()
    targets = job["sequences"] * job["length"]
    at_once = job["sequencesAtOnce"] or len(tokens)
    loss = torch.zeros((), device=device)
    for first in range(0, len(tokens), at_once):
        part = slice(first, first + at_once)
        part_loss = sum_of_losses(model, tokens[part], documents[part]) / targets
        # Gradients are averaged over the processes; a loss is a sum.
        (part_loss * processes).backward()
        loss += part_loss.detach()
    dist.all_reduce(loss)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), job["optimizer"]["maxGradientNorm"])
    norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
    optimizer.step()
    optimizer.zero_grad()
    return loss.item(), norm.item()


@torch.no_grad()
def evaluate(model, batch, job, device):
    """The loss of the whole batch: whoever loads the model elsewhere can tell whether it is the same function."""
    tokens, documents = (torch.from_numpy(part).to(device) for part in batch)
    loss = torch.zeros((), device=device)
    for row in range(len(tokens)):
        loss += sum_of_losses(model, tokens[row : row + 1], documents[row : row + 1])
    dist.all_reduce(loss)
    return loss.item() / (job["sequences"] * job["length"])


def checkpoint_name(step):
    return f"step-{step:08d}"


def save_checkpoint(folder, step, job, model, optimizer):
    """Whole or absent: written beside its place and renamed. The one before goes."""
    final, partial = folder / checkpoint_name(step), folder / f"{checkpoint_name(step)}.partial"
    if dist.get_rank() == 0:
        shutil.rmtree(partial, ignore_errors=True)
    dist.barrier()
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments}, checkpoint_id=partial)
    if dist.get_rank() == 0:
        (partial / "job.json").write_text(json.dumps({"fingerprint": job["fingerprint"], "step": step}))
        partial.rename(final)
        for other in folder.iterdir():
            if other != final:
                shutil.rmtree(other)
    dist.barrier()


def load_checkpoint(folder, job, model, optimizer):
    """Restores the newest checkpoint. Returns the updates done."""
    found = sorted(folder.glob("step-????????")) if folder.exists() else []
    if not found:
        return 0
    written = json.loads((found[-1] / "job.json").read_text())
    if written["fingerprint"] != job["fingerprint"]:
        raise SystemExit(f"{found[-1]} belongs to another job, expected one with the same settings and data.")
    weights, moments = get_state_dict(model, optimizer)
    state = {"model": weights, "optimizer": moments}
    dcp.load(state, checkpoint_id=found[-1])
    set_state_dict(model, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"])
    return written["step"]


def keep_metrics(path, step):
    """Drops the lines of updates that will be done again."""
    if not path.exists():
        return
    lines = [line for line in path.read_text().splitlines() if line.endswith("}") and json.loads(line)["step"] <= step]
    path.write_text("".join(f"{line}\n" for line in lines))


def save_model(folder, model):
    """The whole model on the first process, in transformers' form."""
    weights = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    if dist.get_rank() != 0:
        return
    partial = folder / "model.partial"
    shutil.rmtree(partial, ignore_errors=True)
    model.save_pretrained(partial, state_dict=weights)
    shutil.rmtree(folder / "model", ignore_errors=True)
    partial.rename(folder / "model")


def main(job_path, directory):
    job = json.loads(Path(job_path).read_text())
    folder = Path(directory)
    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    device = torch.device("cuda" if cuda else "cpu")
    dist.init_process_group("nccl" if cuda else "gloo")
    rank = dist.get_rank()

    model = load_model(job, device)
    optimizer = create_optimizer(model, job["optimizer"])
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
        loss, norm = train_step(model, optimizer, batches.batch(step), job, device)
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
    loss = evaluate(model, batches.batch(0), job, device)
    save_model(folder, model)
    if rank == 0:
        (folder / "verification.json").write_text(json.dumps({"loss": loss}))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
