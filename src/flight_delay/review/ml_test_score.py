"""The ML Test Score of this repository: how ready a machine-learning system is for production, by 28 tests in four sections.

After Breck, Cai, Nielsen, Salib and Sculley, "The ML Test Score: A Rubric for ML Production Readiness and Technical Debt
Reduction", IEEE Big Data 2017, https://doi.org/10.1109/BigData.2017.8258038. What is said of each test stands in
references/ml_test_score.yaml; reading it, adding up and the page are here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from flight_delay.core.params import Parameters
from flight_delay.core.references import read_reference

SCORE_FILE = Path("references/ml_test_score.yaml")

Text = Annotated[str, Field(min_length=1)]
Status = Literal["automated", "manual", "missing"]

POINTS: dict[Status, float] = {"automated": 1.0, "manual": 0.5, "missing": 0.0}

# Table V of the paper: the highest score that is still called so.
_READINGS = (
    (0, "More of a research project than a productionized system."),
    (1, "Not totally untested, but it is worth considering the possibility of serious holes in reliability."),
    (2, "There's been first pass at basic productionization, but additional investment may be needed."),
    (3, "Reasonably tested, but it's possible that more of those tests and procedures may be automated."),
    (5, "Strong levels of automated testing and monitoring, appropriate for mission-critical systems."),
    (7, "Exceptional levels of automated testing and monitoring."),
)
# A test by its pytest id, a target of make, a stage, a command, or a file.
_PROOF = r"^(tests/[\w/]+\.py::test_\w+|make [a-z]+|dvc repro \w+|flight-delay [a-z-]+( [a-z-]+)*|[\w-]+/[\w./-]+)$"
_RUNS_BY_ITSELF = re.compile(r"tests/.*::|make |dvc repro ")
_END_OF_SENTENCE = re.compile(r"[.!?](?=\s|$)")


class Entry(Parameters):
    """A test of the paper: its name there, its status here, what proves that, and a sentence on what is covered and what is not."""

    test: Text
    status: Status
    proof: list[Annotated[str, Field(pattern=_PROOF)]] = Field(default_factory=list)
    says: Text

    @model_validator(mode="after")
    def _is_proved(self) -> Entry:
        if self.status == "missing" and self.proof:
            raise ValueError("what is missing has no proof")
        if self.status != "missing" and not self.proof:
            raise ValueError(f"what is {self.status} has a proof")
        if self.status == "automated" and not any(map(_RUNS_BY_ITSELF.match, self.proof)):
            raise ValueError("what is automated is proved by a test, a target of make or a stage")
        if [found.end() for found in _END_OF_SENTENCE.finditer(self.says)] != [len(self.says)]:
            raise ValueError("says is one sentence")
        return self

    @property
    def points(self) -> float:
        """0, 0.5 or 1."""
        return POINTS[self.status]

    @property
    def points_without_a_server(self) -> float:
        """0 or 0.5, as if nothing were automated that people have to start."""
        return min(self.points, POINTS["manual"])


Section = Annotated[list[Entry], Field(min_length=7, max_length=7)]


class MlTestScore(Parameters):
    """The 28 tests, in the paper's sections and order."""

    format: Literal[1]
    features_and_data: Section
    model_development: Section
    ml_infrastructure: Section
    monitoring: Section

    @model_validator(mode="after")
    def _names_every_test_once(self) -> MlTestScore:
        names = [entry.test for _, entries in self.sections for entry in entries]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands there twice")
        return self

    @property
    def sections(self) -> tuple[tuple[str, list[Entry]], ...]:
        """The sections by their names in the paper."""
        return (
            ("Features and data", self.features_and_data),
            ("Model development", self.model_development),
            ("ML infrastructure", self.ml_infrastructure),
            ("Monitoring", self.monitoring),
        )

    @property
    def final(self) -> float:
        """The smallest sum of a section: a system must consider all four in order to raise it."""
        return min(points(entries) for _, entries in self.sections)


def load_score(path: Path = SCORE_FILE) -> MlTestScore:
    """Read what is said of the 28 tests.

    Raises:
        UserError: the file is missing, is not YAML, or an entry is incomplete or contradicts itself; the message names it.
    """
    return read_reference(path, MlTestScore)


def points(entries: Iterable[Entry]) -> float:
    """The sum of a section, 0 to 7 in steps of a half."""
    return sum(entry.points for entry in entries)


def reading(score: float) -> str:
    """What a final score means, in the words of the paper's table V."""
    return next(said for most, said in _READINGS if score <= most)


def markdown(score: MlTestScore) -> str:
    """The page: how it is scored, the sums and what they mean, then every test with its proof."""
    return "\n".join([*_summary(score), *(line for name, of in score.sections for line in _section(name, of))]) + "\n"


def _summary(score: MlTestScore) -> Iterator[str]:
    yield "# ML Test Score"
    yield ""
    yield f"**{score.final:g} of 7: {reading(score.final)}**"
    yield ""
    yield "How ready this is for production, by the 28 tests of Breck, Cai, Nielsen, Salib and Sculley, [The ML Test Score: A Rubric for"
    yield "ML Production Readiness and Technical Debt Reduction](https://doi.org/10.1109/BigData.2017.8258038), IEEE Big Data 2017."
    yield "Nothing here serves predictions and nothing watches any: what a test asks of serving or monitoring is missing."
    yield ""
    yield "| section | automated | manual | missing | points | points if a server has to run it |"
    yield "|---|---|---|---|---|---|"
    for name, entries in score.sections:
        counts = [str(sum(entry.status == status for entry in entries)) for status in POINTS]
        strictly = sum(entry.points_without_a_server for entry in entries)
        yield f"| {' | '.join([name, *counts, f'{points(entries):g}', f'{strictly:g}'])} |"
    yield ""
    yield "The score is the smallest of the four sums. A test counts one point where it is **automated**: a stage of `dvc repro` or a test of"
    yield "`make test` does it each time. It counts half a point where it is **manual**: done by hand with the result written down, or"
    yield "automated for a part only. The sentence says which, and what is not covered. Stages and tests are started by people; the paper's"
    yield "full point is for a system that starts them, and there is none. The last column counts so."
    yield ""
    yield f"This page is made from `{SCORE_FILE}`; edit that file, not this one, and run"
    yield ""
    yield "    flight-delay ml-test-score > docs/ml-test-score.md"


def _section(name: str, entries: list[Entry]) -> Iterator[str]:
    yield ""
    yield f"## {name}: {points(entries):g} of 7"
    yield ""
    for number, entry in enumerate(entries, start=1):
        yield f"{number}. **{entry.test}** ({entry.status}). {entry.says}"
        yield from (f"   - `{proof}`" for proof in entry.proof)
