"""The model a pre-training makes: its shape and first weights, its optimisers, its loss, the folder it ends in."""

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.checkpoint import write_folder
from finetune.files import read_json, write_json
from finetune.machine import device
from finetune.pretrain.circuit import wire_copying
from finetune.pretrain.recipe import Recipe

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

THIS_MACHINE = ("is_local", "local_files_only", "backend")  # what a tokenizer's settings say of where they were made


def make_model(recipe: Recipe, tokenizer: "PreTrainedTokenizerFast") -> "LlamaForCausalLM":
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=recipe.vocabulary,
        hidden_size=recipe.hidden,
        intermediate_size=recipe.inner,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        head_dim=recipe.hidden // recipe.heads,
        max_position_embeddings=recipe.context,
        rope_parameters={"rope_type": "default", "rope_theta": recipe.rotary_base},
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # Plain matrix products on a processor, where the fused attention's backward pass was slower at 512 tokens.
        attn_implementation="sdpa" if device() == "cuda" else "eager",
    )
    model = LlamaForCausalLM(config)
    # Embeddings as large as what a layer writes to them after some steps, so that none drowns them; what they add to
    # the scores is taken back by the last norm, as the same matrix reads them.
    with torch.no_grad():
        model.model.embed_tokens.weight.normal_()
        model.model.norm.weight.fill_(recipe.hidden**-0.5)
    if recipe.copying_heads:
        wire_copying(model, recipe.copying_heads)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        max_new_tokens=256,
        do_sample=False,
    )
    return model


def make_optimisers(model: "LlamaForCausalLM", recipe: Recipe) -> "list[torch.optim.Optimizer]":
    """Muon for the layers' matrices, AdamW for the embedding and the norms; a group's `initial_lr` is its full rate."""
    import torch

    named = dict(model.named_parameters())
    matrices = [each for name, each in named.items() if each.ndim == 2 and ".layers." in name]
    around = [
        {"params": [each for each in named.values() if each.ndim == 1], "lr": recipe.rate},
        {"params": [model.model.embed_tokens.weight], "lr": recipe.rate * recipe.embedding_rate},
    ]
    if recipe.muon:
        optimisers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(
                matrices, lr=recipe.rate, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"
            ),
            torch.optim.AdamW(around, betas=(0.9, 0.95), weight_decay=0.0),
        ]
    else:
        inside = {"params": matrices, "lr": recipe.rate, "weight_decay": recipe.weight_decay}
        optimisers = [torch.optim.AdamW([inside, *around], betas=(0.9, 0.95), weight_decay=0.0)]
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["initial_lr"] = group["lr"]
    return optimisers


def token_losses(body: Any, head: Any, tokens: "torch.Tensor") -> "torch.Tensor":
    """Nats for each next token: (rows, length) → (rows, length - 1), float32.

    The vocabulary's scores are made for one row at a time, so that (rows × length × vocabulary) never stands in memory.
    """
    import torch
    from torch.nn.functional import cross_entropy

    hidden = body(input_ids=tokens[:, :-1], use_cache=False).last_hidden_state
    return torch.stack(
        [
            cross_entropy(head(row).float(), target, reduction="none")
            for row, target in zip(hidden, tokens[:, 1:], strict=True)
        ]
    )


def export(model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerFast", folder: Path) -> None:
    """Write the finished folder in bfloat16, in one step.

    Raises:
        UserError: the disk is full.
    """
    import torch

    finished = copy.deepcopy(model).to("cpu", torch.bfloat16).eval()
    # The attention is the loader's choice, not the model's.
    finished.config._attn_implementation_internal = None

    def fill(beside: Path) -> None:
        finished.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
        # The class under the name that other programs and older releases know, and nothing of this machine.
        settings = read_json(beside / "tokenizer_config.json") or {}
        kept = {name: each for name, each in settings.items() if name not in THIS_MACHINE}
        write_json(beside / "tokenizer_config.json", kept | {"tokenizer_class": "PreTrainedTokenizerFast"})
        (beside / "model.safetensors").chmod(0o644)

    write_folder(folder, fill)
