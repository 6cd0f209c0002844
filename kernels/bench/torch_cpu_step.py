"""PyTorch on the CPU, on the reference step of cpu.ts: the same model, loss, clipping and optimizer.

usage: python3 torch_cpu_step.py THREADS ROUNDS STEPS. Prints one JSON object: the version and the tokens/s of each round.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F

THREADS, ROUNDS, STEPS = (int(argument) for argument in sys.argv[1:4])
VOCABULARY, WIDTH, LAYERS, HEADS, HEAD_SIZE, FEED_FORWARD = 4096, 128, 4, 2, 64, 352
SEQUENCES, LENGTH, THETA, EPSILON = 4, 256, 1e4, 1e-5

torch.set_num_threads(THREADS)
torch.manual_seed(1)


def matrix(rows, columns):
    return torch.nn.Parameter(0.02 * torch.randn(rows, columns))


def norm_weight():
    return torch.nn.Parameter(torch.ones(WIDTH))


class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.query_key_value = matrix(3 * HEADS * HEAD_SIZE, WIDTH)
        self.output = matrix(WIDTH, HEADS * HEAD_SIZE)
        self.gate_up = matrix(2 * FEED_FORWARD, WIDTH)
        self.down = matrix(WIDTH, FEED_FORWARD)
        self.attention_norm, self.feed_forward_norm = norm_weight(), norm_weight()

    def forward(self, x, rotation):
        rows = F.linear(norm(x, self.attention_norm), self.query_key_value)
        q, k, v = rows.view(SEQUENCES, LENGTH, 3, HEADS, HEAD_SIZE).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(norm(rotate(q, rotation)), norm(rotate(k, rotation)), v, is_causal=True)
        x = x + F.linear(mixed.transpose(1, 2).reshape(x.shape), self.output)
        gate, up = F.linear(norm(x, self.feed_forward_norm), self.gate_up).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down)


def norm(x, weight=None):
    return F.rms_norm(x, x.shape[-1:], weight, EPSILON)


def rotate(x, rotation):
    """Turns adjacent pairs; rotation is (cosines, sines), [LENGTH, HEAD_SIZE / 2] each."""
    cosine, sine = rotation
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), -1).flatten(-2)


embedding = matrix(VOCABULARY, WIDTH)
layers = torch.nn.ModuleList(Layer() for _ in range(LAYERS))
final_norm = norm_weight()
parameters = [embedding, final_norm, *layers.parameters()]
optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
angles = torch.arange(LENGTH)[:, None] * THETA ** (-torch.arange(0, HEAD_SIZE, 2) / HEAD_SIZE)
rotation = angles.cos(), angles.sin()
tokens = torch.randint(VOCABULARY, (SEQUENCES, LENGTH + 1))


def step():
    optimizer.zero_grad()
    x = embedding[tokens[:, :-1]]
    for layer in layers:
        x = layer(x, rotation)
    logits = F.linear(norm(x, final_norm), embedding)
    F.cross_entropy(logits.view(-1, VOCABULARY), tokens[:, 1:].reshape(-1)).backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()


for _ in range(3):
    step()
rates = []
for _ in range(ROUNDS):
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    rates.append(STEPS * SEQUENCES * LENGTH / (time.perf_counter() - start))
print(json.dumps({"version": torch.__version__, "rates": rates}))
