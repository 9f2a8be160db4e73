"""What is searched: the section `tune` of params.yaml, checked against the parameters of the model, and values of trials as
params.yaml would have them. Knows nothing of how a search goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.model.booster import BoosterParameters

Value: TypeAlias = bool | int | float
Values: TypeAlias = dict[str, Value]
Metric: TypeAlias = Literal["log_loss", "average_precision", "roc_auc"]

# What is tried is what would be written: a learning rate of 0.0483920711 says no more than 0.0484.
SIGNIFICANT_DIGITS = 3
# The same model with other luck is not another model.
NOT_SEARCHED = {"seed"}


class Searched(Parameters):
    """The values of one parameter that are tried: from `low` to `high`, or any of `choices`.

    `log` searches orders of magnitude evenly; `step` is the distance of the values from `low` on.
    """

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    step: int | float | None = None
    choices: Annotated[tuple[Any, ...], Field(min_length=2, strict=False)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Searched:
        if self.choices is not None:
            if self.model_fields_set != {"choices"}:
                raise ValueError("choices stand alone, without low, high, log or step")
            if len(set(map(repr, self.choices))) < len(self.choices):
                raise ValueError("a choice is there twice")
            return self
        if self.low is None or self.high is None:
            raise ValueError("give low and high, or choices")
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log wants low above 0, and no step")
        if self.step is not None and (self.step <= 0 or not _is_whole((self.high - self.low) / self.step)):
            raise ValueError(f"steps of {self.step} do not lead from {self.low} to {self.high}")
        return self

    def given(self) -> tuple[Value, ...]:
        """The values that stand there."""
        return self.choices or tuple(value for value in (self.low, self.high) if value is not None)

    def has(self, value: Value) -> bool:
        """Whether the search may try this value."""
        if self.choices is not None:
            return any(
                value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in self.choices
            )
        if self.low is None or self.high is None or not self.low <= value <= self.high:
            return False
        return self.step is None or _is_whole((value - self.low) / self.step)


class Tune(Parameters):
    """The section `tune` of params.yaml: what is searched, by which figure of the backtest, and with which seed."""

    metric: Metric
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    space: Annotated[dict[str, Searched], Field(min_length=1)]

    @field_validator("space")
    @classmethod
    def _of_the_model(cls, space: dict[str, Searched]) -> dict[str, Searched]:
        for name, searched in space.items():
            if name not in BoosterParameters.model_fields or name in NOT_SEARCHED:
                known = ", ".join(of for of in BoosterParameters.model_fields if of not in NOT_SEARCHED)
                raise ValueError(f"{name} is no parameter of train_model to search; there are {known}")
            kind = _kind(name)
            if kind is bool and searched.choices is None:
                raise ValueError(f"{name} is true or false; give choices: [true, false]")
            if kind is int and isinstance(searched.step, float):
                raise ValueError(f"{name} is a whole number, so step must be one, too")
            for value in searched.given():
                _require_fit(name, value)
        return space


def require_current(current: Mapping[str, Value], space: Mapping[str, Searched]) -> None:
    """Check that the current parameters are among those that are tried: a search begins with them, to have its baseline.

    Raises:
        UserError: one is not.
    """
    for name, searched in space.items():
        if not searched.has(current[name]):
            raise UserError(
                f"params.yaml: train_model.{name} is {current[name]}, which tune.space.{name} does not try; widen it, since a "
                "search begins with the current parameters"
            )


def distributions(space: Mapping[str, Searched]) -> dict[str, Any]:
    """The space in Optuna's terms."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for name, of in space.items():
        if of.choices is not None:
            found[name] = CategoricalDistribution(of.choices)
        elif _kind(name) is int:
            found[name] = IntDistribution(of.low, of.high, log=of.log, step=of.step or 1)
        else:
            found[name] = FloatDistribution(of.low, of.high, log=of.log, step=of.step)
    return found


def tried_values(suggested: Mapping[str, Value], current: Mapping[str, Value], space: Mapping[str, Searched]) -> Values:
    """The values that a trial is judged with: those that were suggested, to three digits, as params.yaml would have them.

    Args:
        suggested: by parameter, in any order.
        current: as they stand in params.yaml; one that stands there as a whole number stays one where it can.
        space: that they are from, whose order the result has.
    """
    return {name: _as_written(suggested[name], current[name], searched) for name, searched in space.items()}


def with_values(parameters: BoosterParameters, values: Mapping[str, Value]) -> BoosterParameters:
    """The parameters with some values changed, checked again."""
    return BoosterParameters.model_validate({**parameters.model_dump(), **values})


def _as_written(value: Value, current: Value, searched: Searched) -> Value:
    if value == current:
        return current
    if not isinstance(value, float):
        return value
    if searched.low is not None and searched.high is not None:
        # Sums of steps have digits that nobody meant.
        digits = SIGNIFICANT_DIGITS if searched.step is None else 12
        value = min(max(float(f"{value:.{digits}g}"), searched.low), searched.high)
    return int(value) if isinstance(current, int) and value == int(value) else value


def _kind(name: str) -> Any:
    return BoosterParameters.model_fields[name].annotation


def _require_fit(name: str, value: Value) -> None:
    field = BoosterParameters.model_fields[name]
    try:
        TypeAdapter(field.rebuild_annotation(), config=ConfigDict(strict=True)).validate_python(value)
    except ValidationError as error:
        raise ValueError(f"{name}: {value} is not for it ({error.errors()[0]['msg']})") from None


def _is_whole(steps: float) -> bool:
    return abs(steps - round(steps)) < 1e-9
