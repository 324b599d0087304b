"""Put the tables that ``make bench`` and ``make bench-scaling`` wrote into ``docs/performance.md``.

    python benchmarks/publish.py [FOLDER]

A table NAME.md of the folder (``runs/bench``) takes the place of what stands between the lines
``<!-- NAME -->`` and ``<!-- end of NAME -->``; tables that were not made stay as they are.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"


def published(page: str, tables: dict[str, str]) -> str:
    """Return the page with the tables in their places.

    Raises
    ------
    ValueError
        If the page has no place for a table.
    """
    for name, table in tables.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        page, found = place.subn(lambda match, text=table: f"{match[1]}\n{text.strip()}\n\n{match[2]}", page)
        if found != 1:
            raise ValueError(f"the page has {found} places for {name}")
    return page


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "runs" / "bench"
    tables = {path.stem: path.read_text() for path in sorted(folder.glob("*.md"))}
    if not tables:
        print(f"there are no tables in {folder}; run: make bench", file=sys.stderr)
        return 1
    PAGE.write_text(published(PAGE.read_text(), tables))
    print(f"{', '.join(tables)} put into {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
