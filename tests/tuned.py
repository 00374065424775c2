"""Makes run folders with a small trained adapter, so that what comes after training can be tested in seconds."""

import json
from pathlib import Path

from finetune.example import Example, Source, make_example
from finetune.plan import TrainingPlan
from finetune.project import Run

SYSTEM = "You answer for a dental practice."
PAIRS = [
    ("When are you open?", "We open at eight and close at five."),
    ("Do you take my insurance?", "Yes, please bring your insurance card."),
    ("How do I pay my bill?", "You can pay by card or by transfer."),
    ("Can I move my visit?", "Yes, please call us a day before."),
    ("Where can I park?", "Park behind the house at no cost."),
    ("Do you treat children?", "Yes, from the age of three."),
    ("What does a check-up cost?", "Your plan pays for two a year."),
    ("Who reads my record?", "Only the people who treat you."),
]


def tiny_base(folder: Path) -> Path:
    """A random Llama of 0.1M parameters with a byte-level tokenizer and a ChatML template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.train_from_iterator(
        [" ".join(pair) for pair in PAIRS],
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<|pad|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|pad|>", extra_special_tokens=["<|im_start|>"]
    )
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        initializer_range=0.2,  # logits large enough to be sure of a token
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def examples() -> list[Example]:
    return [
        make_example(question, answer, source=Source(file="faq.csv", row=i + 2))
        for i, (question, answer) in enumerate(PAIRS)
    ]


def write_run(folder: Path, base: Path, splits: dict[str, list[Example]]) -> Run:
    run = Run(folder)
    run.dir.mkdir(parents=True, exist_ok=True)
    run.plan.write_text(TrainingPlan(base_model=str(base), system_message=SYSTEM).model_dump_json())
    for split, rows in splits.items():
        run.data(split).parent.mkdir(exist_ok=True)
        run.data(split).write_text("".join(json.dumps(row.model_dump()) + "\n" for row in rows))
    return run


def tune(run: Run, *, steps: int) -> None:
    """Fit an adapter to the run's training rows by the plainest loop; 0 steps leaves it without effect."""
    import torch
    from peft import LoraConfig, get_peft_model

    from finetune.generate import ChatModel, load_base

    model, tokenizer = load_base(TrainingPlan.model_validate_json(run.plan.read_text()).base_model)
    torch.manual_seed(2)
    tuned = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"))
    chat = ChatModel(tuned, tokenizer, has_adapter=True, system_message=SYSTEM)
    rows = [chat.row(example) for example in run.examples("train")]
    length = max(len(row.ids) for row in rows)
    ids = torch.tensor([[*row.ids, *[0] * (length - len(row.ids))] for row in rows])
    labels = torch.full_like(ids, -100)
    for i, row in enumerate(rows):
        labels[i, row.answer_start : len(row.ids)] = ids[i, row.answer_start : len(row.ids)]
    optimizer = torch.optim.AdamW([p for p in tuned.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(steps):
        tuned(input_ids=ids, labels=labels).loss.backward()  # padding is on the right, where nothing looks at it
        optimizer.step()
        optimizer.zero_grad()
    tuned.save_pretrained(run.adapter)
