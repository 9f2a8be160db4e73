"""Search space: section `tune` of params.yaml, and its validation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, ValidationError, model_validator

from flight_delay.core.errors import UserError
from flight_delay.core.params import Parameters
from flight_delay.model.booster import BoosterParameters

Value: TypeAlias = bool | int | float
Values: TypeAlias = dict[str, Value]

# The seed that is best on the backtest is best by chance; the others say how to train, not what.
NOT_SEARCHABLE = {"seed", "external_memory", "sharded"}
SEARCHABLE = tuple(name for name in BoosterParameters.model_fields if name not in NOT_SEARCHABLE)


class SearchRange(Parameters):
    """Values of one parameter: a range or `choices`.

    The range is from `low` to `high`, on a `log` scale or in steps of `step`.
    """

    low: int | float = 0
    high: int | float = 0
    log: bool = False
    step: Annotated[int | float, Field(gt=0)] | None = None
    choices: Annotated[tuple[Any, ...], Field(min_length=2, strict=False)] = ()

    @model_validator(mode="after")
    def _require_one_form(self) -> SearchRange:
        keys = self.model_fields_set
        if keys != {"choices"} and ("choices" in keys or not {"low", "high"} <= keys):
            raise ValueError("give either choices alone, or low and high")
        return self


class Tune(Parameters):
    """Section `tune` of params.yaml: search space, metric and sampler's seed.

    The search optimizes this metric of the backtest.
    """

    metric: Literal["log_loss", "average_precision", "roc_auc"]
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    space: Annotated[dict[str, SearchRange], Field(min_length=1)]


def require_valid_space(space: Mapping[str, SearchRange], parameters: BoosterParameters) -> None:
    """Check a search space: valid values, and the current ones inside.

    Raises:
        UserError: a parameter is unknown, a value is invalid, or a current value is outside.
    """
    from optuna.trial import create_trial

    for name, search_range in space.items():
        where = f"params.yaml: 'tune.space.{name}'"
        if name not in SEARCHABLE:
            raise UserError(f"{where}: not a parameter of train_model to search; choose from {', '.join(SEARCHABLE)}")
        low, high, step = search_range.low, search_range.high, search_range.step
        for value in search_range.choices or (low, high, low + (step or 0)):
            try:
                BoosterParameters.model_validate({**parameters.model_dump(), name: value})
            except ValidationError as error:
                raise UserError(f"{where}: {value} is not valid ({error.errors()[0]['msg']})") from None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # Optuna changes a range that is no multiple of its step
                distribution = distributions({name: search_range})[name]
        except (ValueError, UserWarning) as error:
            raise UserError(f"{where}: {error}") from None
        current = getattr(parameters, name)
        try:
            create_trial(params={name: current}, distributions={name: distribution}, value=0.0)
        except ValueError:
            raise UserError(
                f"{where}: the current value, {current}, is outside; widen the range, since the first trial has the "
                "current parameters"
            ) from None


def distributions(space: Mapping[str, SearchRange]) -> dict[str, Any]:
    """Convert a search space to Optuna distributions, by parameter.

    Raises:
        ValueError: Optuna does not accept a range.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    converted: dict[str, Any] = {}
    for name, search_range in space.items():
        low, high, log, step = search_range.low, search_range.high, search_range.log, search_range.step
        if search_range.choices:
            converted[name] = CategoricalDistribution(search_range.choices)
        elif BoosterParameters.model_fields[name].annotation is int:
            converted[name] = IntDistribution(low, high, log=log, step=step or 1)
        else:
            converted[name] = FloatDistribution(low, high, log=log, step=step)
    return converted
