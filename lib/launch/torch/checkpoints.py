"""What stays of training on disk: checkpoints of all processes together, and the model."""

import json
import shutil

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_state_dict,
)


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
