"""transformers on the CPU, decoding one token at a time with a cache: the peer of decode.ts.

usage: python3 torch_decode.py SHAPE THREADS CONTEXT TOKENS. SHAPE is JSON as kernels/wasm/shape.ts describes it. Prints the versions,
then for every line on standard input the median tokens/s of TOKENS tokens after CONTEXT - TOKENS.
"""
import json
import statistics
import sys
import time

import torch
import transformers

shape = json.loads(sys.argv[1])
THREADS, CONTEXT, TOKENS = (int(argument) for argument in sys.argv[2:])
torch.set_num_threads(THREADS)
torch.manual_seed(1)
config = transformers.Llama4TextConfig(
    vocab_size=shape["vocabularySize"], hidden_size=shape["width"], intermediate_size=shape["feedForwardWidth"],
    intermediate_size_mlp=shape["feedForwardWidth"], num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"],
    num_key_value_heads=shape["keyValueHeads"], head_dim=shape["headSize"], attention_chunk_size=32768,
    max_position_embeddings=32768, use_qk_norm=True, tie_word_embeddings=True, moe_layers=[],
    no_rope_layers=[1] * shape["layers"], attn_temperature_tuning=False,
    rope_parameters={"rope_type": "default", "rope_theta": shape["ropeTheta"]}, attn_implementation="sdpa",
)
model = transformers.Llama4ForCausalLM(config).eval()
prompt = torch.randint(shape["vocabularySize"], (1, CONTEXT - TOKENS))


@torch.inference_mode()
def rate():
    token, times = prompt[:, -1:], []
    for _ in range(TOKENS):
        start = time.perf_counter()
        token = model(token, past_key_values=cache, use_cache=True).logits[:, -1].argmax(-1, keepdim=True)
        times.append(time.perf_counter() - start)
    cache.crop(-TOKENS)
    return 1 / statistics.median(times)


with torch.inference_mode():
    cache = model(prompt, use_cache=True, logits_to_keep=1).past_key_values
rate()
print(f"transformers {transformers.__version__} on PyTorch {torch.__version__}", flush=True)
for _ in sys.stdin:
    print(rate(), flush=True)
