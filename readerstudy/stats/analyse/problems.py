"""What is wrong with the files of an analysis, in sentences that name the place and the remedy."""

from __future__ import annotations

from collections.abc import Iterable

MOST_SENTENCES = 20


class AnalysisError(ValueError):
    """Files that cannot be analysed; ``found`` names every problem, ``sentences`` the first ones of many."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.found = tuple(sentences)
        self.sentences = self.found[:MOST_SENTENCES]
        if len(self.found) > MOST_SENTENCES:
            self.sentences += (f"There are {len(self.found) - MOST_SENTENCES} more problems of this kind.",)
        super().__init__("\n".join(self.sentences))


class Complaints:
    """Problems collected while a file is read, so that one run names them all."""

    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []

    def add(self, line: int, column: str, sentence: str) -> None:
        """Remember what is wrong in one cell."""
        self._found.append((line, f"Line {line}, column {column}: {sentence}"))

    def add_line(self, line: int, sentence: str) -> None:
        """Remember what is wrong with a whole line."""
        self._found.append((line, f"Line {line}: {sentence}"))

    def raise_any(self) -> None:
        """Raise AnalysisError with all of them, in the order of the file."""
        if self._found:
            raise AnalysisError(sentence for _line, sentence in sorted(self._found))
