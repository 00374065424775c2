"""A starter model from nothing: `python -m finetune.pretrain`."""
