"""Dependence: the median effect of a feature over its values, and its direction."""

from __future__ import annotations

import pandas as pd

from flight_delay.features.columns import Column

MOST_BINS = 15
MOST_CATEGORIES = 12  # that are shown by themselves
OTHER = "other"  # the rarer categories, and flights without one


def median_effects(values: Column, effects: Column, most: int = MOST_CATEGORIES) -> pd.Series:
    """Median effect by value: of numbers in up to fifteen quantile bins, indexed by the median of each; of categories by name.

    Args:
        values: of the feature, shape (rows,); missing numbers are left out, missing categories are among the others.
        effects: of the feature, in log-odds, shape (rows,).
        most: frequent categories; the others are put together.

    Returns:
        Numbers in ascending order, categories in ascending order of their median effect.
    """
    if values.dtype == object:
        return pd.Series(effects).groupby(frequent_categories(values, most)).median().sort_values(kind="stable")
    table = pd.DataFrame({"value": values, "effect": effects}).dropna().astype(float)
    bins = table["value"]
    if bins.nunique() > MOST_BINS:
        bins = pd.qcut(bins, MOST_BINS, duplicates="drop", labels=False)
    medians = table.groupby(bins.to_numpy()).median()
    return medians.set_index("value")["effect"]


def frequent_categories(values: Column, most: int = MOST_CATEGORIES) -> Column:
    """The categories of flights, shape (rows,); rare and missing ones are replaced by 'other', ties of frequency by name."""
    counts = pd.Series(values).value_counts().sort_index().sort_values(ascending=False, kind="stable")
    categories = pd.Series(values, dtype=object)
    return categories.where(categories.isin(counts.index[:most]), OTHER).to_numpy(object)


def rank_correlation(values: Column, effects: Column) -> float:
    """Direction of an effect: Spearman's correlation of values and effects where a value is known; 0 where one is constant.

    Args:
        values: numbers, shape (rows,).
        effects: shape (rows,).
    """
    table = pd.DataFrame({"value": values, "effect": effects}).dropna()
    correlation = table["value"].corr(table["effect"], method="spearman") if (table.nunique() > 1).all() else 0.0
    return float(correlation)
