"""What took long to find out about a text is kept, so that a preparation that was killed goes on where it was, and a
second one looks at new and changed rows only.

The folder never holds a text: of each only a keyed hash, and beside it where personal data stands in it, or its vector.
Whoever deletes rows need not know of it: what no row needs any more goes at the end of the next preparation.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from finetune.data.personal import PersonalItem, find_personal
from finetune.data.personal.replacing import hash_of
from finetune.files import append_jsonl, disk_error, read_jsonl, replacing, write_jsonl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from finetune.data.names_model import NamesModel

    Vectors = NDArray[np.float32]

Encode = Callable[[Sequence[str]], "Vectors"]
Tell = Callable[[str, int, int], None]  # what is being done, how many texts are done, of how many

T = TypeVar("T")

TEXTS_AT_ONCE = 500  # found out about and written together; a kill costs these at most
DIGEST_BYTES = 16
# Encoded first in every file of vectors: another encoder's would not be its neighbours.
PROBE = "Which encoder made these vectors?"
SAME_ENCODER = 0.999


class Place(NamedTuple):
    """A find without its words."""

    start: int
    end: int
    kind: Any
    why: str


class Kept:
    """The folder; without one, nothing is kept and all is found out anew. `names` is a model that finds more names."""

    def __init__(
        self, folder: Path | None = None, tell: Tell | None = None, *, names: "NamesModel | None" = None
    ) -> None:
        self._folder = folder
        self.names = names
        self._tell = tell or (lambda what, done, total: None)
        self._key = _key_of(folder) if folder else b""

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES, key=self._key).digest()

    # --- personal data ----------------------------------------------------------------------------------------------

    def personal(self, texts: Sequence[str], *, indirect: bool = False) -> list[PersonalItem]:
        """What `find_personal` finds, text by text."""
        finders = recognisers() + (f"-{self.names.key}" if self.names else "")
        path = self._folder / f"personal-{finders}{'-indirect' * indirect}.jsonl" if self._folder else None
        known: dict[bytes, tuple[Place, ...]] = {}
        for chunk in read_jsonl(path) if path else ():
            known |= {bytes.fromhex(text): tuple(Place(*found) for found in places) for text, places in chunk.items()}
        digests = [self._digest(text) for text in texts]
        wanting = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        stale = known.keys() - set(digests)
        done = 0
        for chunk in batches(list(wanting), TEXTS_AT_ONCE):
            found = places_of([wanting[digest] for digest in chunk], indirect=indirect, names=self.names)
            known |= dict(zip(chunk, found, strict=True))
            if path:
                append_jsonl(path, _row(chunk, known))
            done += len(chunk)
            if len(wanting) > TEXTS_AT_ONCE:
                self._tell("Looking for personal data", done, len(wanting))
        if path and self._folder:
            for other in self._folder.glob("personal-*.jsonl"):
                if finders not in other.name:
                    other.unlink()
            if stale:
                used = [digest for digest in known if digest not in stale]
                write_jsonl(path, (_row(chunk, known) for chunk in batches(used, TEXTS_AT_ONCE)))
        return [
            PersonalItem(index, p.kind, p.start, p.end, hash_of(texts[index][p.start : p.end]), p.why)
            for index, digest in enumerate(digests)
            for p in known[digest]
        ]

    def encoder(self, encode: Encode) -> "KeptVectors":
        """`encode` that encodes each text once."""
        return KeptVectors(self._folder / "vectors" if self._folder else None, encode, self._digest, self._tell)


class KeptVectors:
    """Sentence vectors by text: a file of records, each a hash and a vector in half precision."""

    def __init__(self, path: Path | None, encode: Encode, digest: Callable[[str], bytes], tell: Tell) -> None:
        self._path, self._encode, self._digest, self._tell = path, encode, digest, tell
        self._known: dict[bytes, NDArray[np.float16]] = {}
        self._used: set[bytes] = set()
        self._open()

    def __call__(self, texts: Sequence[str]) -> "Vectors":
        """Vectors (texts, dimensions)."""
        import numpy as np

        digests = [self._digest(text) for text in texts]
        self._used |= set(digests)
        wanting = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in self._known}
        # Of one length together: the encoder fills a batch up to its longest text.
        done = 0
        for chunk in batches(sorted(wanting, key=lambda digest: len(wanting[digest])), TEXTS_AT_ONCE):
            vectors = np.asarray(self._encode([wanting[digest] for digest in chunk]), dtype=np.float16)
            self._add(chunk, vectors)
            done += len(chunk)
            if len(wanting) > TEXTS_AT_ONCE:
                self._tell("Comparing what the rows mean", done, len(wanting))
        return np.stack([self._known[digest] for digest in digests]).astype(np.float32)

    def finish(self) -> None:
        """Let go of the vectors that were not asked for."""
        stale = self._known.keys() - self._used - {self._digest(PROBE)}
        if self._path and stale:
            for digest in stale:
                del self._known[digest]
            with replacing(self._path) as file:
                file.writelines(digest + vector.tobytes() for digest, vector in self._known.items())

    def _open(self) -> None:
        import numpy as np

        probe = np.asarray(self._encode([PROBE]), dtype=np.float16)
        if self._path and self._path.exists():
            data = self._path.read_bytes()
            size = DIGEST_BYTES + probe.nbytes
            for start in range(0, len(data) - size + 1, size):
                vector = np.frombuffer(data, dtype=np.float16, count=probe.shape[1], offset=start + DIGEST_BYTES)
                self._known[data[start : start + DIGEST_BYTES]] = vector
            first = self._known.get(self._digest(PROBE))
            same = first is not None and float(first.astype(np.float32) @ probe[0].astype(np.float32)) > SAME_ENCODER
            if not same:
                self._known.clear()
                self._path.unlink()
            elif len(data) % size:  # the writer was killed within a record
                os.truncate(self._path, len(data) - len(data) % size)
        if not self._known:
            self._add([self._digest(PROBE)], probe)

    def _add(self, digests: Sequence[bytes], vectors: "NDArray[np.float16]") -> None:
        self._known |= dict(zip(digests, vectors, strict=True))
        if self._path is None:
            return
        try:
            with open(self._path, "ab") as file:
                file.writelines(digest + vector.tobytes() for digest, vector in zip(digests, vectors, strict=True))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise disk_error(error, self._path) from error


def places_of(texts: Sequence[str], *, indirect: bool, names: "NamesModel | None" = None) -> list[tuple[Place, ...]]:
    """The finds in each text."""
    found: list[list[Place]] = [[] for _ in texts]
    for item in find_personal(texts, indirect=indirect, more=names):
        found[item.text].append(Place(item.start, item.end, item.kind, item.why))
    return [tuple(places) for places in found]


def _row(digests: Iterable[bytes], known: dict[bytes, tuple[Place, ...]]) -> dict[str, Any]:
    return {digest.hex(): known[digest] for digest in digests}


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


@cache
def recognisers() -> str:
    """A hash of the recognisers' code and lists: what older ones found is found anew."""
    folder = Path(__file__).parent / "personal"
    files = sorted(path for path in folder.iterdir() if path.suffix in (".py", ".txt"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _key_of(folder: Path) -> bytes:
    """The project's own key, so that nobody can look up in the hashes whether a text they know is among them."""
    path = folder / "key"
    if not path.exists():
        with replacing(path) as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()
