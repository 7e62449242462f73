"""Files that a source finds and does not read: counted by why, and said to the user."""

from __future__ import annotations

from isogloss.console import printable, say, warn

# So many names of files, codes or locales are named for each reason.
_NAMED = 6

#: Of a language that the recipe does not keep.
OTHER_LANGUAGE = "of other languages than the recipe's"
#: Of a language that it keeps, which another file has more exactly.
LESS_NEAR = "of a language that another file is nearer to"
#: Where a name should say the language, it says something else.
NO_LANGUAGE = "whose names say no language that is known"


class Unread:
    """The files that a source found and does not read.

    Args:
        what: What they are, in the plural: ``"catalogs"``.
        where: The source, to name before them.
    """

    def __init__(self, what: str, where: str) -> None:
        self._what, self._where = what, where
        self._names: dict[str, list[str]] = {}
        self._strange = False

    def note(self, why: str, name: str, *, strange: bool = False) -> None:
        """Note a file.

        Args:
            why: Why it is not read, in words that follow a number of files.
            name: What to call it, empty where it has no name worth showing.
            strange: Whether it is not known what it is: the user should not overlook it.
        """
        self._names.setdefault(why, []).append(name)
        self._strange = self._strange or strange

    def say(self) -> dict[str, int]:
        """Say to the user that they are there, and return how many they are by why, for the manifest."""
        counts = {why: len(names) for why, names in sorted(self._names.items())}
        if counts:
            reasons = "; ".join(self._named(why) for why in counts)
            number = sum(counts.values())
            show = warn if self._strange else say
            show(f"{self._where}: {number} {self._what} not read: {reasons}")
        return counts

    def _named(self, why: str) -> str:
        names = self._names[why]
        shown = [printable(name) for name in sorted(set(names)) if name]
        rest = ", …" if len(shown) > _NAMED else ""
        return f"{len(names)} {why}" + (f" ({', '.join(shown[:_NAMED])}{rest})" if shown else "")
