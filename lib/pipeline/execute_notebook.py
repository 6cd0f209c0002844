"""Runs cells in Jupyter's Deno kernel: a JSON object on standard input, a JSON line on standard output per cell.

in:  {"cells": [source, ...], "directory": where the kernel works, "seconds": limit per cell}
out: [output, ...] as nbformat has them, up to and including the first cell that fails
"""
import json
import queue
import signal
import sys
import time

from jupyter_client.manager import KernelManager

# The Deno kernel says "idle" before it has sent a cell's last outputs; the usual client stops listening there and loses
# them in every second run. This one listens on until nothing has come for so many seconds.
QUIET = 0.5


def failure(name, message):
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": []}


def execute(manager, client, source, seconds):
    request = client.execute(source)
    outputs, displays, idle, deadline = [], {}, False, time.monotonic() + seconds
    while True:
        try:
            message = client.get_iopub_msg(timeout=QUIET)
        except queue.Empty:
            if idle:
                return outputs
            if not manager.is_alive():
                return outputs + [failure("KernelDied", "The kernel ended.")]
            if time.monotonic() > deadline:
                return outputs + [failure("Timeout", f"The cell did not end within {seconds} seconds.")]
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            idle = idle or content["execution_state"] == "idle"
        elif kind == "stream" and outputs and outputs[-1].get("name") == content["name"]:
            outputs[-1]["text"] += content["text"]
        elif kind in ("stream", "display_data", "execute_result", "error"):
            name = content.pop("transient", {}).get("display_id")
            if name is not None:
                displays[name] = len(outputs)
            outputs.append({"output_type": kind, **content})
        elif kind == "update_display_data":
            place = displays.get(content["transient"]["display_id"])
            if place is not None:
                outputs[place].update(data=content["data"], metadata=content["metadata"])


def main():
    job = json.load(sys.stdin)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    manager = KernelManager(kernel_name="deno")
    manager.start_kernel(cwd=job["directory"])
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        for source in job["cells"]:
            outputs = execute(manager, client, source, job["seconds"])
            print(json.dumps(outputs), flush=True)
            if any(output["output_type"] == "error" for output in outputs):
                break
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
