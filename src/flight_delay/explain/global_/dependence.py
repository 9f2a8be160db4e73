"""Dependence: median effect of a feature over its values, and direction."""

from __future__ import annotations

import pandas as pd

from flight_delay.features.columns import Column

MAX_BINS = 15
MAX_CATEGORIES = 12
OTHER = "other"  # rare and missing categories


def median_effects(values: Column, effects: Column, max_categories: int = MAX_CATEGORIES) -> pd.Series:
    """Compute the median effect of a feature by value.

    Numbers with more than 15 values are put into quantile bins, each indexed by its median value.

    Args:
        values: of the feature, shape (rows,); missing numbers are left out, missing categories are among the others.
        effects: of the feature, in log-odds, shape (rows,).
        max_categories: number of categories; the others are combined.

    Returns:
        Numbers in ascending order, categories in ascending order of their median effect.
    """
    if values.dtype == object:
        categories = frequent_categories(values, max_categories)
        return pd.Series(effects).groupby(categories).median().sort_values(kind="stable")
    table = pd.DataFrame({"value": values, "effect": effects}).dropna().astype(float)
    bins = table["value"]
    if bins.nunique() > MAX_BINS:
        bins = pd.qcut(bins, MAX_BINS, duplicates="drop", labels=False)
    return table.groupby(bins.to_numpy()).median().set_index("value")["effect"]


def frequent_categories(values: Column, max_categories: int = MAX_CATEGORIES) -> Column:
    """Replace rare and missing categories by 'other', shape (rows,).

    Ties of frequency are broken by name.
    """
    counts = pd.Series(values).value_counts().sort_index().sort_values(ascending=False, kind="stable")
    categories = pd.Series(values, dtype=object)
    return categories.where(categories.isin(counts.index[:max_categories]), OTHER).to_numpy(object)


def rank_correlation(values: Column, effects: Column) -> float:
    """Compute Spearman's correlation of known values and their effects.

    It is 0 where the values or the effects are constant.

    Args:
        values: numbers, shape (rows,).
        effects: shape (rows,).
    """
    table = pd.DataFrame({"value": values, "effect": effects}).dropna()
    correlation = table["value"].corr(table["effect"], method="spearman") if (table.nunique() > 1).all() else 0.0
    return float(correlation)
