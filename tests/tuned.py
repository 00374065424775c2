"""Makes run folders with a small trained adapter, so that what comes after training can be tested in seconds."""

import json
from pathlib import Path

from finetune.example import Example, Source, make_example
from finetune.plan import TrainingPlan
from finetune.project import Run
from tests.conftest import build_tiny_model

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


def learnt_run(folder: Path) -> Run:
    """A run that has learnt its rows by heart; they serve as the test, too, so that "better" is certain."""
    base = build_tiny_model(folder / "base", hidden_size=64, vocabulary=400)
    run = write_run(folder / "1", base, {"train": examples(), "test": examples()})
    tune(run, steps=60)
    return run


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
