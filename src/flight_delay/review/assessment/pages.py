"""Pages of Markdown, made from the templates of this folder, and written once: people add to them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from flight_delay.core.errors import UserError
from flight_delay.core.files import write_text


def render(template: str, **values: Any) -> str:
    """Fill in a template of this folder."""

    def load(name: str) -> str:
        return resources.files(__package__).joinpath(name).read_text("utf-8")

    environment = Environment(
        loader=FunctionLoader(load),
        autoescape=False,  # noqa: S701 (Markdown, not HTML)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    environment.filters["code"] = "`{}`".format
    return environment.get_template(template).render(**values)


def refuse_existing(path: Path, worth: str) -> None:
    """Check that a page is not there yet.

    Args:
        path: of the page.
        worth: what would be lost if it were written again.

    Raises:
        UserError: it is there.
    """
    if path.exists():
        raise UserError(f"{path} exists, and may hold {worth}; move it away, or choose another name")


def write_new(path: Path, page: str, worth: str) -> None:
    """Write a page in one step; see `refuse_existing`."""
    refuse_existing(path, worth)
    write_text(path, page)
