# SPDX-License-Identifier: GPL-2.0-only
"""Results kept by what they were computed from.

    questions/<name>/<digest>      what a computation of that name asked of a tree
    answers/<..>/<digest>          the result, by the name, the questions and the answers to them
    same/<..>/<digest>             the same by git's ids of the contents: names one of `answers`
    records/<..>/<digest>          what is not about a tree, the last of its name (`load`, `save`)

To recall a result, the present tree is asked every list of questions that is known for the name;
there are few, as most changes of a tree change answers, not questions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeVar

from analyzer.cache.codec import Malformed, decode, encode
from analyzer.cache.questions import Answers, Questions
from analyzer.cache.recorder import Recorder
from analyzer.cache.store import Store
from analyzer.cache.version import version
from analyzer.closing import Closing
from analyzer.errors import SourceError
from analyzer.tree import KernelTree

T = TypeVar("T")

_MAX_LISTS: Final = 24  # of questions, for one name; those used last are asked


class FactCache(Closing):
    """Remembers results of computations on trees; see `analyzer.check.judging.Facts`."""

    def __init__(self, store: Store, release: str) -> None:
        self.store = store
        self.hits = 0
        self.misses = 0
        self._release = release
        self._present: tuple[KernelTree, Answers] | None = None

    def recall(self, tree: KernelTree, name: Sequence[str], kind: type[T]) -> T | None:
        """Return the result of a computation for this tree, None if it is not known."""
        key = self._key(*name)
        answers = self._answers(tree)
        for piece in self.store.names(f"questions/{key}")[:_MAX_LISTS]:
            questions = self._load(piece, Questions)
            if questions is None:
                continue
            try:
                answered = self._key(key, answers.digest(questions))
            except SourceError:  # a bound of the tree; what is computed will meet it, too
                continue
            target: Any = f"answers/{answered[:2]}/{answered}"
            if tree.revision is not None:
                target = self.store.load(f"same/{answered[:2]}/{answered}")
                if type(target) is not str or not _is_answer(target):
                    continue
            found = self._load(target, kind)
            if found is not None:
                self.hits += 1
                return found
        self.misses += 1
        return None

    def keep(
        self,
        tree: KernelTree,
        name: Sequence[str],
        compute: Callable[[KernelTree], T],
        settled: Callable[[T], bool] = lambda _: True,
    ) -> T:
        """Compute a result, and keep it unless it depends on more than the tree.

        It does where it is not `settled` (a bound on time was hit), or where a file changed.
        """
        recorder = Recorder(tree)
        result = compute(recorder)
        if recorder.changed or not settled(result) or self.store.refused:
            return result
        questions = recorder.questions
        key = self._key(*name)
        with suppress(SourceError):
            told = self._key(key, recorder.given(by_id=False).digest(questions))
            by_id = self._key(key, recorder.given(by_id=True).digest(questions))
            target = f"answers/{told[:2]}/{told}"
            if (
                self.store.save(target, encode(result))
                and self.store.save(f"same/{by_id[:2]}/{by_id}", target)
                and self.store.save(f"questions/{key}/{questions.digest()}", encode(questions))
            ):
                for old in self.store.names(f"questions/{key}")[_MAX_LISTS:]:
                    self.store.remove(old)
        return result

    def load(self, name: Sequence[str], kind: type[T]) -> T | None:
        """Return what was saved under a name; it is true of no tree in particular."""
        return self._load(self._place(name), kind)

    def save(self, name: Sequence[str], value: object) -> None:
        """Save something under a name, in the place of what was there."""
        self.store.save(self._place(name), encode(value))

    def _place(self, name: Sequence[str]) -> str:
        key = self._key(*name)
        return f"records/{key[:2]}/{key}"

    def close(self) -> None:
        """Keep the folder to its size, if anything may have been added."""
        self._present = None
        if self.misses and not self.store.refused:
            self.store.trim()

    def _answers(self, tree: KernelTree) -> Answers:
        if self._present is None or self._present[0] is not tree:
            self._present = (tree, Answers.present(tree))
        return self._present[1]

    def _load(self, piece: str, kind: type[T]) -> T | None:
        data = self.store.load(piece)
        if data is None:
            return None
        try:
            return decode(kind, data)
        except Malformed:
            self.store.remove(piece)
            return None

    def _key(self, *parts: str) -> str:
        text = "\0".join((self._release, *parts))
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()


def _is_answer(name: str) -> bool:
    kind, _, rest = name.partition("/")
    folder, _, digest = rest.partition("/")
    return kind == "answers" and len(folder) == 2 and digest.isalnum()


def open_cache(folder: Path) -> FactCache:
    """Open the cache in a folder, which is made when something is kept there."""
    return FactCache(Store(folder), version())
