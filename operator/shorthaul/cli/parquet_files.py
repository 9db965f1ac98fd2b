"""Rows as a Parquet file, with pyarrow (the extra `parquet`), which is imported nowhere else."""

import io
from collections.abc import Mapping, Sequence

from shorthaul.errors import BadInput
from shorthaul.report.ledger_texts import COUNTS


def parquet(rows: Sequence[Mapping[str, str | int]], columns: Sequence[str]) -> bytes:
    """Texts, and counts as 64-bit integers; a larger sum is refused."""
    try:
        import pyarrow
        from pyarrow.parquet import write_table
    except ImportError as error:
        raise BadInput(
            "-o parquet needs pyarrow, which is not installed; pip install 'shorthaul[parquet]', "
            "or use -o csv"
        ) from error
    types = [pyarrow.int64() if name in COUNTS else pyarrow.string() for name in columns]
    try:
        table = pyarrow.table(
            {
                name: pyarrow.array([row[name] for row in rows], kind)
                for name, kind in zip(columns, types, strict=True)
            }
        )
    except OverflowError as error:
        raise BadInput(
            "a sum is beyond 2^63, which a Parquet column cannot hold; add hour to --by, or use "
            "-o csv"
        ) from error
    content = io.BytesIO()
    write_table(table, content)
    return content.getvalue()
