"""Rows in columns, as a sequence of what they are of."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

from shorthaul.traffic.node_sets import Truths

Rows = npt.NDArray[np.intp] | Truths | slice
_Row = TypeVar("_Row")


class Columns(Sequence[_Row]):
    """For frozen dataclasses; `by_row` names their fields that have a number for each row."""

    __slots__ = ()
    by_row: ClassVar[tuple[str, ...]]

    @abstractmethod
    def __iter__(self) -> Iterator[_Row]:
        """The rows, one by one."""

    def take(self, rows: Rows) -> Self:
        """Some of them, in order."""
        taken = {name: getattr(self, name)[rows] for name in self.by_row}
        return replace(self, **taken)  # type: ignore[type-var]  # Who inherits is a dataclass.

    def __len__(self) -> int:
        return len(getattr(self, self.by_row[0]))

    @overload
    def __getitem__(self, row: int) -> _Row: ...
    @overload
    def __getitem__(self, row: slice) -> Self: ...
    def __getitem__(self, row: int | slice) -> _Row | Self:
        if isinstance(row, slice):
            return self.take(row)
        return next(iter(self.take(np.array([row], np.intp))))
