"""What a recipe's ``[decontamination]`` says."""

from __future__ import annotations

from pydantic import Field

from isogloss.settings import Settings


class DecontaminationOptions(Settings):
    """What is kept out of training besides the test split, and what counts as being in it."""

    suites: tuple[str, ...] = ()
    """Names of shipped suites, paths of suites' files from the recipe's folder, or corpora
    (``corpus:FOLDER``), of which the test split counts.
    """
    data: str | dict[str, str] | None = None
    """The folder with the suites' files, from the recipe's folder, as ``isogloss score --data`` has
    it; or a table of one for each suite by its name. Without it they come from where the suite
    says, or from the hub.
    """
    tokens: int = Field(default=13, ge=2, le=1000)
    """How many words in a row are too many to share."""
    characters: int = Field(default=25, ge=2, le=1000)
    """The same in characters of Chinese and Japanese."""
    letters: int = Field(default=52, ge=2, le=1000)
    """The same in letters of Thai, Lao, Khmer, Burmese, Tibetan and their like."""
    near: float = Field(default=0.8, ge=0, le=1)
    """The Jaccard index from which on a text is nearly another; 0 for never."""
    ignore: tuple[str, ...] = ()
    """Phrases that stand in many texts: an n-gram that lies in one of them is not found, nor is a
    text that is one.
    """
