"""A model that can copy before its first step: an induction circuit written into the initial weights.

Small models trained on few tokens do not learn to copy from their prompt: the pair of attention heads that does it
(Olsson et al. 2022, "In-context learning and induction heads") appears late and all at once. Here it is there from the
start, as part of the initialisation, in the spirit of mimetic initialisation (Trockman and Kolter 2023); training
keeps it, since it pays at once. One head of the first layer looks at the token before and notes it; heads of the
second layer look for places whose note is the current token, and say the token that stands there.
"""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM

# The shared direction's part of an embedding's length: what the first head steers by, as the layers have no bias. With
# tied embeddings it adds the same to every token's score, so it costs nothing at the other end.
SHARED = 0.5
# Of a head's rotary pairs the quickest tell neighbours apart; the slow half still agrees hundreds of tokens away.
QUICK_PAIRS = 6
LEAD = 7.0  # of the token before over its neighbours, in scores before the softmax
# The strength of the three ways through the two layers, beside embeddings of 1: found by looking at what an untrained
# model says to random tokens read twice. Each is far above what one step of training changes.
MATCH, NOTE, SAY = 1.7, 1.77, 2.5


def wire_copying(model: "LlamaForCausalLM", heads: int) -> None:
    """Change a freshly made model, in place, so that it continues what it has read before.

    Its embeddings must have a standard deviation of 1. All other heads and the feed-forward parts start without a say:
    their output matrices are zero, which also lets the layers join in one after another.

    Args:
        heads: of the second layer that copy, each its own part of the embedding; at most 4 where a head is a sixth
            of the width.
    """
    import torch

    config = model.config
    width, size = config.hidden_size, config.head_dim
    half = size // 2
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(width, width, generator=generator))[0].T
    shared, current, note = basis[0], basis[1 : 1 + half], basis[1 + half : 1 + size]
    said = basis[1 + size : 1 + size + heads * size]
    if len(said) < heads * size:
        raise ValueError(f"a width of {width} has no room for {heads} copying heads of {size}")
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        _share_a_direction(model.model.embed_tokens.weight, shared)
        first, second = (layer.self_attn for layer in model.model.layers[:2])
        query, key = _look_one_back(model)
        steer = shared / (math.sqrt(width) * SHARED / math.sqrt(1 + SHARED**2))
        first.q_proj.weight[:size] = torch.outer(query, steer)
        first.k_proj.weight[:size] = torch.outer(key, steer)
        first.v_proj.weight[:half] = NOTE * current
        first.o_proj.weight[:, :half] = NOTE * note.T
        slow = [*range(half // 2, half), *range(half + half // 2, size)]
        for number in range(heads):
            own = slice(number * size, (number + 1) * size)
            for projection, part in ((second.q_proj, current), (second.k_proj, note)):
                projection.weight[own] = 0
                projection.weight[[own.start + place for place in slow]] = MATCH * part
            second.v_proj.weight[own] = SAY * said[own]
            second.o_proj.weight[:, own] = SAY * said[own].T


def _share_a_direction(embeddings: "torch.Tensor", shared: "torch.Tensor") -> None:
    """Give every token's embedding, (tokens, width), the same length in the direction `shared`."""
    embeddings -= (embeddings @ shared)[:, None] * shared
    embeddings += SHARED * math.sqrt(len(shared)) * shared


def _look_one_back(model: "LlamaForCausalLM") -> "tuple[torch.Tensor, torch.Tensor]":
    """A query and a key, (head size,), whose rotary product is highest where the key is one token before the query."""
    import torch

    turns = model.model.rotary_emb.inv_freq[:QUICK_PAIRS]  # radians a token
    size = model.config.head_dim
    # The lead of the token before over its neighbours is length² / √size · Σ (1 - cos turn).
    length = math.sqrt(LEAD * math.sqrt(size) / float((1 - torch.cos(turns)).sum()))
    query, key = torch.zeros(size), torch.zeros(size)
    query[:QUICK_PAIRS] = length * torch.cos(turns)
    query[size // 2 : size // 2 + QUICK_PAIRS] = -length * torch.sin(turns)
    key[:QUICK_PAIRS] = length
    return query, key
