"""Pictures of the report: PNG files with section, title and alternative text in `pictures.json` beside them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from flight_delay.core import files

PICTURES_FILE = "pictures.json"


class Picture(NamedTuple):
    """A picture of the report.

    Attributes:
        name: of the file, without its ending.
        section: of the report that shows it, a key of `report.page.SECTIONS`.
        title: what it shows, with its main number.
        text: alternative text, without a full stop at the end.
        content: the PNG.
    """

    name: str
    section: str
    title: str
    text: str
    content: bytes

    @property
    def width(self) -> int:
        """Width in pixels, from the header of the PNG."""
        return int.from_bytes(self.content[16:20])


def write_pictures(folder: Path, pictures: Iterable[Picture]) -> None:
    """Write PNG files, and `pictures.json` with their names, sections, titles and texts in the order given."""
    entries = []
    for picture in pictures:
        files.write_bytes(folder / f"{picture.name}.png", picture.content)
        entries.append({key: value for key, value in picture._asdict().items() if key != "content"})
    files.write_json(folder / PICTURES_FILE, entries)


def read_pictures(folder: Path) -> list[Picture]:
    """Read the pictures that `write_pictures` wrote.

    Raises:
        UserError: a file is missing or damaged.
    """
    return [
        Picture(**entry, content=files.read_bytes(folder / f"{entry['name']}.png"))
        for entry in files.read_json(folder / PICTURES_FILE)
    ]
