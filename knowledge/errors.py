"""The one kind of failure a user can mend.

`finetune` and `knowledge` know neither each other nor anything above them, so each has its own; `tools` knows both.
"""


class UserError(Exception):
    """Something the user can mend, told in three parts.

    Args:
        what: what happened, one plain sentence.
        where: the file, row, page or setting it happened at; empty when the sentence already says so.
        action: what to do next, an imperative sentence.
    """

    def __init__(self, what: str, *, where: str = "", action: str) -> None:
        self.what, self.where, self.action = what, where, action
        super().__init__(" ".join(part for part in (f"{where}:" if where else "", what, action) if part))
