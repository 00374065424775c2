"""Every choice of a pre-training, and where one stands."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Every choice of a pre-training; kept in recipe.json beside the checkpoint, which fits no other."""

    seed: int = 0
    vocabulary: int = 8192
    hidden: int = 384
    layers: int = 6
    inner: int = 1024  # width of the feed-forward part, 8/3 of hidden as Llama has it
    heads: int = 6  # of 64, as in most Llama models
    context: int = 512  # tokens a row
    rotary_base: float = 100_000.0  # slow enough that half of a head's pairs still agree 500 tokens away
    copying_heads: int = 4  # there from the first step, see `circuit`; 0 starts from chance alone
    rows_per_pass: int = 4  # what fits the processor's cache best
    # 4,096 tokens a step: Muon's own work is 0.36 s a step, a third of the time at 2,048 tokens and a sixth here.
    passes_per_step: int = 2
    rate: float = 5e-3  # of both optimisers; Muon's is scaled to AdamW's update size ("match_rms_adamw")
    embedding_rate: float = 4.0  # times `rate`, for the embedding, whose numbers are larger than the matrices'
    muon: bool = True  # for the layers' matrices
    warm_up: float = 0.02  # share of the run in which the rate rises
    weight_decay: float = 0.05
    chat_at_first: float = 0.35  # share of the rows that are conversations …
    chat_at_last: float = 0.5  # … and in the last third, so that the form is fresh and the language broad
    prompt_weight: float = 0.3  # of a question's tokens beside an answer's 1: passages are good text, too
    compiled: bool = True  # where a C++ compiler is at hand: 1.3 times as fast forwards and backwards
    checkpoint_minutes: float = 3.0

    @property
    def parameters(self) -> int:
        """Embedding (tied), attention, feed-forward and norms."""
        layer = 4 * self.hidden**2 + 3 * self.hidden * self.inner + 2 * self.hidden
        return self.vocabulary * self.hidden + self.layers * layer + self.hidden


RECIPES: dict[str, Recipe] = {
    "cpu": Recipe(),  # 13.8M parameters; what two cores train in two to three hours
    # 30M parameters and 32,768 tokens a step. Nobody has run it yet: no graphics card was in reach.
    "gpu": Recipe(hidden=512, layers=8, inner=1408, heads=8, rows_per_pass=64, passes_per_step=1),
}


@dataclass
class Course:
    """Where a run stands. `pace` is the progress one step makes; with hours given it follows the measured speed."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    progress: float = 0.0
    pace: float = 0.0
