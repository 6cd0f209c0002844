"""What a model of transformers says to batches whose sequences hold several documents."""

import torch


def logits_of(model, tokens, documents):
    """Logits [sequences, length, V] in float32; attention looks back, and never into another document."""
    length = documents.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
    mask = (causal & (documents[:, :, None] == documents[:, None, :]))[:, None]
    if model.config.model_type == "llama4_text":
        mask = {"full_attention": mask, "chunked_attention": mask}
    return model(input_ids=tokens, attention_mask=mask, use_cache=False).logits.float()
