"""The training plan: every knob declared once, read by the tool's schema, the chat, `plan.json` and the trainer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Estimate(BaseModel):
    minutes: float = Field(description="expected minutes of training, evaluation excluded")
    memory_gib: float = Field(description="expected peak memory of the training process")
    basis: str = Field(description="where the figures come from, in plain words")


class TrainingPlan(BaseModel):
    """A field's description is one plain sentence for a reader who knows no machine learning."""

    model_config = ConfigDict(extra="forbid")

    base_model: str = Field("starter", description="the model to start from: starter, a folder, or a name on the Hub")
    revision: str | None = Field(None, description="the exact version of a Hub model")
    system_message: str = Field("", description="the standing instruction the model is trained, tested and tried with")
    method: Literal["lora"] = Field("lora", description="train a small adapter and leave the base model as it is")
    rank: int = Field(16, ge=1, le=256, description="how much the adapter can hold")
    alpha: int = Field(32, ge=1, le=512, description="how strongly the adapter speaks; twice the rank is usual")
    dropout: float = Field(
        0.05, ge=0, le=0.5, description="share of the adapter left out at random, against memorising"
    )
    learning_rate: float = Field(5e-4, gt=0, le=1e-2, description="how big each learning step is")
    epochs: int = Field(5, ge=1, le=20, description="how often, at most, every row is read")
    tokens_per_batch: int = Field(1024, ge=128, le=65536, description="tokens worked on at once; bounds the memory")
    examples_per_update: int = Field(16, ge=1, le=64, description="rows the model looks at before each learning step")
    max_length: int = Field(512, ge=64, le=8192, description="longest row in tokens; a longer answer is cut there")
    weight_decay: float = Field(0.01, ge=0, le=1, description="a pull towards small changes, against memorising")
    warmup_share: float = Field(0.1, ge=0, le=0.5, description="share of the steps in which the rate rises slowly")
    general_share: float = Field(
        0.0, ge=0, le=0.5, description="share of general rows mixed in, so that less of what it could do is forgotten"
    )
    evaluations_per_epoch: int = Field(2, ge=1, le=10, description="how often the held-out rows are checked")
    patience: int = Field(2, ge=1, le=10, description="checks without progress after which training stops by itself")
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", description="number format; auto measures")
    probe_rates: bool = Field(
        True, description="try three sizes of learning step for a moment and take the one that works best"
    )
    seed: int = Field(7, ge=0, description="makes a run repeatable")
    reasons: dict[str, str] = Field({}, description="field name to the reason for its value, in plain words")
    estimate: Estimate | None = Field(None, description="expected minutes and memory")
