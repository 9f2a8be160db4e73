"""Read and render pages of a review: Markdown with YAML front matter."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from ruamel.yaml import YAML

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters, parse_yaml
from flight_delay.review.comparison.page import render_markdown

REVIEW_FILE = Path("references/review.yaml")
REVIEWS = Path("docs/reviews")

Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class Experiment(Parameters):
    """Parameters to change, by dotted name, and the question to answer."""

    name: Name
    parameters: Annotated[dict[str, bool | int | float | str | list[str] | list[int]], Field(min_length=1)]
    question: str

    @property
    def settings(self) -> list[str]:
        """The parameters as DVC's `--set-param` takes them."""
        return [f"{name}={_hydra_value(value)}" for name, value in self.parameters.items()]

    @property
    def command(self) -> str:
        """The shell command that runs it."""
        quoted = (setting.replace("'", "'\\''") for setting in self.settings)
        return "dvc exp run " + " ".join(f"-S '{setting}'" for setting in quoted)


class Question(Parameters):
    """A question that a person answers."""

    title: str
    text: str


class ReviewTemplate(Parameters):
    """Experiments and questions of every review, as in references/review.yaml."""

    experiments: list[Experiment]
    questions: list[Question]


class Request(Parameters):
    """Front matter of a request; `against` is the commit to compare with."""

    format: Literal[3]
    name: Name
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    author: str
    commit: Commit
    against: Commit | None
    experiments: list[Experiment]

    def path(self, kind: Literal["request", "result"]) -> Path:
        """Return the path of the request or of its result."""
        return REVIEWS / f"{self.date}-{self.name}-{kind}.md"


def read_request(path: Path) -> Request:
    """Read the front matter of a request.

    Raises:
        UserError: the page is missing, or its front matter is not that of a request.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise UserError(f"{path}: not a readable text file; `flight-delay review request` writes one") from None
    front_matter = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    if not front_matter:
        raise UserError(f"{path}: no front matter (YAML between lines of ---); restore it")
    try:
        return Request.model_validate(parse_yaml(front_matter[1]))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
        raise UserError(f"{path}: front matter: {problems}; fix it, or write the request again") from None
    except ValueError as error:
        raise UserError(f"{path}: front matter is not valid YAML ({error}); fix it") from None


def render_page(template: str, front_matter: dict[str, Any], **values: Any) -> str:
    """Render front matter and a template of this package as one page."""
    body = render_markdown(f"review/request/{template}", **values)
    writer, head = YAML(), StringIO()
    writer.default_flow_style, writer.width = False, 120
    # ruamel.yaml reads the line break NEL as a space unless it is escaped.
    writer.allow_unicode = "\x85" not in json.dumps(front_matter, ensure_ascii=False)
    writer.dump(front_matter, head)
    return f"---\n{head.getvalue()}---\n\n{body}"


def require_absent(path: Path) -> None:
    """Check that a page does not exist yet.

    Raises:
        UserError: it exists.
    """
    if path.exists():
        raise UserError(f"{path} exists, and may have been edited; move it away, or choose another name")


def _hydra_value(value: object) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
