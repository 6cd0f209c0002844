"""PyTorch on a GPU, on the models of step.ts: the same shapes, loss, clipping and optimizer, from transformers' Llama 4.

usage: python3 torch_step.py MODEL:BATCHxLENGTH:MODE ..., MODE one of fp32, amp (bfloat16), compiled (amp through torch.compile).
Prints a JSON object a line, one for each argument: the median, fastest and slowest of 15 steps with the readback of their loss.
"""
import json
import statistics
import sys
import time

import torch
from transformers import Llama4ForCausalLM, Llama4TextConfig

SHAPES = {  # layers, heads, key-value heads, width, feed-forward width
    "140m": (15, 9, 3, 576, 2048),
    "360m": (15, 16, 4, 1024, 4096),
    "950m": (22, 24, 6, 1536, 6144),
}
VOCABULARY, WARMING, MEASURED = 128256, 6, 15


def model(name):
    layers, heads, key_value_heads, width, feed_forward = SHAPES[name]
    config = Llama4TextConfig(
        vocab_size=VOCABULARY, hidden_size=width, intermediate_size=feed_forward, intermediate_size_mlp=feed_forward,
        num_hidden_layers=layers, num_attention_heads=heads, num_key_value_heads=key_value_heads, head_dim=64,
        tie_word_embeddings=True, max_position_embeddings=8192, rope_theta=1e6, use_qk_norm=True, moe_layers=[],
        num_local_experts=0, num_experts_per_tok=0, interleave_moe_layer_step=0, no_rope_layers=[1] * layers,
        attention_chunk_size=8192, attn_temperature_tuning=False)
    config._attn_implementation = "sdpa"
    return Llama4ForCausalLM(config).cuda()


def measure(name, batch, length, mode):
    net = model(name)
    forward = torch.compile(net) if mode == "compiled" else net
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4, betas=(0.9, 0.95), fused=True)
    tokens = torch.randint(VOCABULARY, (batch, length), device="cuda")

    def step():
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=mode != "fp32"):
            loss = forward(input_ids=tokens, labels=tokens).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        loss.item()
        return 1000 * (time.perf_counter() - start)

    torch.cuda.reset_peak_memory_stats()
    times = [step() for _ in range(WARMING + MEASURED)][WARMING:]
    milliseconds = statistics.median(times)
    return {
        "milliseconds": milliseconds, "range": [min(times), max(times)],
        "tokensPerSecond": 1000 * batch * length / milliseconds,
        "gigabytes": torch.cuda.max_memory_allocated() / 2**30}


for argument in sys.argv[1:]:
    name, shape, mode = argument.split(":")
    batch, length = map(int, shape.split("x"))
    print(json.dumps({
        "step": argument, "version": torch.__version__, "card": torch.cuda.get_device_name(),
        **measure(name, batch, length, mode)}), flush=True)
    torch.cuda.empty_cache()
