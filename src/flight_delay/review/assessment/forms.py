"""The forms of a review: the request and its result are pages of Markdown that begin with what a program needs of them (YAML
front matter). Reading and writing that part; what people read stands in request.py and result.py."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference
from flight_delay.repository.artefacts import Artefacts

REVIEW_FILE = "references/review.yaml"
REVIEWS = Path("docs/reviews")

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Value = bool | int | float | str | list[str]


class Tweak(Parameters):
    """An experiment that a reviewer tries: parameters by dotted name, and what it is to show."""

    name: Name
    parameters: Annotated[dict[str, Value], Field(min_length=1)]
    asks: str

    @property
    def settings(self) -> list[str]:
        """The parameters as DVC's `--set-param` takes them."""
        return [f"{name}={_spelt(value)}" for name, value in self.parameters.items()]

    @property
    def command(self) -> str:
        """What to type to run it."""
        return "dvc exp run " + " ".join(f"-S '{setting}'" for setting in self.settings)


class Question(Parameters):
    """What only a person can answer."""

    title: str
    asks: str


class Review(Parameters):
    """What is asked of every model, as in references/review.yaml."""

    tweaks: list[Tweak]
    questions: list[Question]


class Request(Parameters):
    """What a program has to know of a request: the commit under review, what it is compared with, and its frozen inputs and
    outputs, MD5 by path."""

    format: Literal[1]
    name: Name
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    against: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    frozen: dict[str, str]
    tweaks: list[Tweak]

    def path(self, kind: Literal["request", "result"]) -> Path:
        """Where its page is kept, from the top of the repository."""
        return page_path(self.date, self.name, kind)


def page_path(date: str, name: str, kind: Literal["request", "result"]) -> Path:
    """Where a page of a review is kept, from the top of the repository."""
    return REVIEWS / f"{date}-{name}-{kind}.md"


def read_review(artefacts: Artefacts) -> Review:
    """What is asked of every model, as the commit has it.

    Raises:
        UserError: it does not fit; the message names the entry.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / REVIEW_FILE
        artefacts.copy(REVIEW_FILE, path)
        return read_reference(path, Review)


def with_front_matter(front: Parameters | dict[str, Any], body: str) -> str:
    """A page that begins with what a program needs of it."""
    content = front.model_dump(mode="json") if isinstance(front, Parameters) else front
    return f"---\n{yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)}---\n\n{body}"


def read_request(path: Path) -> Request:
    """Read what a program needs of a request.

    Raises:
        UserError: it is missing, or its front matter is not that of a request.
    """
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(f"{path}: no such file; `flight-delay review request` writes one") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a page of text; `flight-delay review request` writes one") from None
    front = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not front:
        raise UserError(f"{path}: does not begin with the front matter of a request (between lines of ---); restore it")
    try:
        return Request.model_validate(yaml.safe_load(front[1]))
    except yaml.YAMLError as error:
        raise UserError(f"{path}: front matter is not valid YAML ({' '.join(str(error).split())}); mend it") from None
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, of['loc']))}: {of['msg']}" for of in error.errors())
        raise UserError(f"{path}: front matter: {said}; mend it, or write the request again") from None


def _spelt(value: Value) -> str:
    if isinstance(value, list):
        return f"[{','.join(value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
