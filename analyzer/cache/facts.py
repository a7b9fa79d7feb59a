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
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from analyzer.cache.codec import Malformed, decode, encode
from analyzer.cache.questions import Answers, Questions
from analyzer.cache.recorder import Recorder
from analyzer.cache.store import Store
from analyzer.cache.version import version
from analyzer.closing import Closing
from analyzer.errors import SourceError
from analyzer.tree import GitTree, KernelTree

T = TypeVar("T")

MAX_FILES: Final = 4  # that may differ from a tree that is known, so that it helps
_MAX_LISTS: Final = 24  # of questions, for one name; those used last are asked


@dataclass(frozen=True, slots=True)
class Last:
    """The last result that was computed under a name, in the run `stamp`; `key` is that of its own
    name, which says more.

    `ids` and `digests` tell the contents that were read, by git and by a digest of our own;
    `shape` all other answers. `root`: git's id of all of the tree, '' where it has none; `plain`:
    no symlink led to a file that was read.
    """

    key: str
    stamp: str
    questions: Questions
    ids: tuple[str, ...]
    digests: tuple[str, ...]
    shape: str
    answer: str
    root: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """Where the result for a whole tree is, by git's id of it."""

    answer: str


@dataclass(frozen=True, slots=True)
class Near(Generic[T]):
    """A result of another tree, and in which files this one differs: path and git's id there."""

    result: T
    stamp: str
    changed: tuple[tuple[str, str], ...]
    questions: Questions


class FactCache(Closing):
    """Remembers results of computations on trees; see `analyzer.check.judging.Facts`."""

    def __init__(self, store: Store, release: str) -> None:
        self.store = store
        self.hits = 0
        self.misses = 0
        self._release = release
        self._present: tuple[KernelTree, Answers] | None = None
        self._asked: tuple[tuple[str, ...], Last | None] | None = None

    def recall(
        self, tree: KernelTree, name: Sequence[str], kind: type[T], last: Sequence[str] = ()
    ) -> T | None:
        """Return the result of a computation for this tree, None if it is not known.

        Also None if the last one under the name `last` is of a tree that is quickly seen to
        differ, in few files.
        """
        key = self._key(*name)
        found = self._of_whole(tree, name, kind)
        if found is not None:
            self.hits += 1
            return found
        if last:
            before = self._last(last)
            quick = None if before is None else self._near_root(tree, before, MAX_FILES)
            if quick:
                return None
            if before is not None and quick is not None and before.key == key:
                found = self._load(before.answer, kind)
                if found is not None:
                    self.hits += 1
                    self._note_whole(tree, name, before.answer)
                    return found
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
                self._note_whole(tree, name, target)
                return found
        self.misses += 1
        return None

    def keep(
        self,
        tree: KernelTree,
        name: Sequence[str],
        compute: Callable[[KernelTree], T],
        settled: Callable[[T], bool] = lambda _: True,
        stamp: str = "",
        last: Sequence[str] = (),
    ) -> T:
        """Compute a result, and keep it unless it depends on more than the tree.

        It does where it is not `settled` (a bound on time was hit), or where a file changed.
        With a `stamp` it can be asked for by `near`, under the name `last`.
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
                self._note_whole(tree, name, target)
                if stamp:
                    self._asked = None
                    ids, digests = (
                        tuple(recorder.given(by_id).content(path) for path in questions.contents)
                        for by_id in (True, False)
                    )
                    shape = recorder.given(by_id=False).shape(questions)
                    self.save(
                        ("last", *(last or name)),
                        Last(
                            key, stamp, questions, ids, digests, shape, target, _root(tree),
                            _plain(tree, questions.contents),
                        ),
                    )  # fmt: skip
        return result

    def near(
        self, tree: KernelTree, name: Sequence[str], kind: type[T], most: int
    ) -> Near[T] | None:
        """Return the last result under a name if this tree differs from its in no more than
        `most` files, and only in their contents."""
        last = self._last(name)
        if last is None:
            return None
        quick = self._near_root(tree, last, most)
        if quick is not None:
            result = self._load(last.answer, kind)
            return None if result is None else Near(result, last.stamp, quick, last.questions)
        answers = self._answers(tree)
        known = last.ids if tree.revision is not None else last.digests
        changed = []
        for path, then, identity in zip(last.questions.contents, known, last.ids, strict=True):
            if answers.told(path) != then:
                changed.append((path, identity))
                if len(changed) > most:
                    return None
        try:
            if answers.shape(last.questions) != last.shape or not _is_answer(last.answer):
                return None
        except SourceError:
            return None
        result = self._load(last.answer, kind)
        if result is None:
            return None
        return Near(result, last.stamp, tuple(changed), last.questions)

    def _last(self, name: Sequence[str]) -> Last | None:
        if self._asked is not None and self._asked[0] == tuple(name):
            return self._asked[1]
        last = self.load(("last", *name), Last)
        if last is not None:
            count = len(last.questions.contents)
            last = last if len(last.ids) == len(last.digests) == count else None
        self._asked = tuple(name), last
        return last

    @staticmethod
    def _near_root(tree: KernelTree, last: Last, most: int) -> tuple[tuple[str, str], ...] | None:
        """The same as told by two trees of git, of which few folders differ."""
        if not (isinstance(tree, GitTree) and last.root and last.plain and _is_answer(last.answer)):
            return None
        changed = tree.changed_since(last.root, most)
        if changed is None:
            return None
        ids = dict(zip(last.questions.contents, last.ids, strict=True))
        return tuple((path, ids[path]) for path in changed if path in ids)

    def _of_whole(self, tree: KernelTree, name: Sequence[str], kind: type[T]) -> T | None:
        root = _root(tree)
        whole = self.load(("whole", root, *name), Whole) if root else None
        return self._load(whole.answer, kind) if whole and _is_answer(whole.answer) else None

    def _note_whole(self, tree: KernelTree, name: Sequence[str], answer: str) -> None:
        root = _root(tree)
        if root:
            self.save(("whole", root, *name), Whole(answer))

    def put(
        self, tree: KernelTree, name: Sequence[str], questions: Questions, result: object
    ) -> None:
        """Keep a result that was found otherwise, under what would have been asked for it."""
        key = self._key(*name)
        root = _root(tree)
        with suppress(SourceError):
            if root:
                answered = self._key("whole", root, key)
            else:
                answered = self._key(key, self._answers(tree).digest(questions))
            target = f"answers/{answered[:2]}/{answered}"
            if root:
                if self.store.save(target, encode(result)):
                    self._note_whole(tree, name, target)
            elif self.store.save(target, encode(result)) and tree.revision is not None:
                self.store.save(f"same/{answered[:2]}/{answered}", target)

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


def _root(tree: KernelTree) -> str:
    return tree.root if isinstance(tree, GitTree) else ""


def _plain(tree: KernelTree, paths: Sequence[str]) -> bool:
    """Whether each path is that of a file itself."""
    return isinstance(tree, GitTree) and all(
        tree.resolve(path)[0] in (path, None) for path in paths
    )


def _is_answer(name: str) -> bool:
    kind, _, rest = name.partition("/")
    folder, _, digest = rest.partition("/")
    return kind == "answers" and len(folder) == 2 and digest.isalnum()


def open_cache(folder: Path) -> FactCache:
    """Open the cache in a folder, which is made when something is kept there."""
    return FactCache(Store(folder), version())
