"""explain.feature_groups: every feature is spoken of in one topic, and mistakes in the file are named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.data.dictionary import DICTIONARY_FILE, load_dictionary
from flight_delay.explain.feature_groups import REASON_CODES, load_topics
from flight_delay.features.registry import groups_by_name
from flight_delay.model.encode import EncodedFeature

TOPICS = load_topics()


def encoded(name: str, feature: str | None = None) -> EncodedFeature:
    return EncodedFeature(
        name=name, kind="indicator" if feature else "quantitative", group="history", source_feature=feature
    )


def changed(tmp_path: Path, change: object, source: Path = REASON_CODES, section: str = "topics") -> Path:
    """The real file with a change to its content."""
    content = yaml.safe_load(source.read_text())
    change(content[section])
    path = tmp_path / source.name
    path.write_text(yaml.safe_dump(content))
    return path


def test_every_feature_of_the_data_dictionary_is_in_exactly_one_topic() -> None:
    declared = [name for topic in TOPICS.topics.values() for name in topic.features]
    assert sorted(declared) == sorted(load_dictionary().features) == sorted(groups_by_name())


def test_a_feature_without_topic_or_label_is_explained_by_itself_and_by_its_name(tmp_path: Path) -> None:
    def add(features: dict) -> None:
        features["week_of_year"] = {"group": "schedule", "kind": "categorical", "description": "week"}

    topics = load_topics(dictionary=changed(tmp_path, add, DICTIONARY_FILE, "features"))
    assert topics.topic_of((encoded("week_of_year"),)) == {"week_of_year": "week_of_year"}
    assert topics.topics["week_of_year"].label == topics.topics["week_of_year"].otherwise == "week of year"
    assert topics.topics["carrier"] == TOPICS.topics["carrier"]


def test_features_have_words_where_these_say_which_feature_is_meant() -> None:
    features = (
        encoded("late_rate_route_7d"),
        encoded("carrier"),
        encoded("block_minutes"),
        encoded("late_rate_route_30d"),
    )
    labels = TOPICS.labels(features)
    assert {name: labels[name] for name in ("late_rate_route_7d", "late_rate_route_30d", "carrier", "time_of_day")} == {
        "late_rate_route_7d": "this route lately, 7 days",
        "late_rate_route_30d": "this route lately, 30 days",
        "carrier": "airline",
        "time_of_day": "time of day",
    }
    assert "block_minutes" not in labels  # the data dictionary has no label for it


def test_features_of_a_family_and_indicators_are_of_the_topic_of_their_feature() -> None:
    features = [
        encoded("late_rate_route_7d"), encoded("late_rate_route_365d"), encoded("block_minutes"),
        encoded("distance_miles"), encoded("block_minutes_is_missing", feature="block_minutes"),
        encoded("late_rate_all_3d_is_missing", feature="late_rate_all_3d"),
        encoded("departure_minutes"), encoded("departures_from_origin_so_far"),
    ]  # fmt: skip
    assert TOPICS.topic_of(tuple(features)) == {
        "late_rate_route_7d": "late_route", "late_rate_route_365d": "late_route", "block_minutes": "length",
        "distance_miles": "length", "block_minutes_is_missing": "length", "late_rate_all_3d_is_missing": "late_lately",
        "departure_minutes": "time_of_day", "departures_from_origin_so_far": "time_of_day",
    }  # fmt: skip


def test_a_feature_that_is_no_family_does_not_match_by_days() -> None:
    with pytest.raises(UserError, match="'carrier_7d'"):
        TOPICS.topic_of((encoded("carrier_7d"),))


def test_topics_have_short_different_names() -> None:
    labels = [topic.label for topic in TOPICS.topics.values()]
    assert TOPICS.topics["time_of_day"].label == "time of day"
    assert len(set(labels)) == len(labels)
    assert max(map(len, labels)) <= 40


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        (["late_rate_route_3d", "late_rate_route_30d", "late_rate_route_7d"], "late_rate_route_7d"),
        (["late_rate_route_30d", "late_rate_route_3d"], "late_rate_route_30d"),
        (["late_rate_route_14d", "late_rate_route_5d", "late_rate_origin_7d"], "late_rate_route_5d"),
        (["late_rate_origin_7d"], None),
    ],
)
def test_of_a_family_the_days_of_the_file_are_quoted_or_else_the_fewest(present: list[str], chosen: str | None) -> None:
    quoted = TOPICS.topics["late_route"].quoted(present)
    assert (quoted and quoted[1]) == chosen


def test_the_first_quote_that_the_data_have_is_taken() -> None:
    length = TOPICS.topics["length"]
    for present, chosen in (
        {("block_minutes", "distance_miles"): "distance_miles", ("block_minutes",): "block_minutes"}
    ).items():
        quoted = length.quoted(present)
        assert quoted is not None
        assert quoted[1] == chosen == quoted[0].feature


def quote_of(topics: dict, name: str) -> dict:
    return topics[name]["quotes"][0]


@pytest.mark.parametrize(
    ("change", "expected"),
    {
        "rate of a mean": (lambda topics: quote_of(topics, "length").update(lowers="{rate}"), "{rate}"),
        "days of no family": (lambda topics: quote_of(topics, "length").update(plain="{days}"), "{days}"),
        "value where none is": (lambda topics: quote_of(topics, "carrier").update(missing="{value}"), "{value}"),
        "usual where none is": (lambda topics: quote_of(topics, "carrier").update(plain="{usual}"), "{usual}"),
        "unknown key": (lambda topics: topics["carrier"].update(lable="airline"), "topics.carrier.lable"),
        "key of a quote": (
            lambda topics: quote_of(topics, "carrier").update(above="x"), "topics.carrier.quotes.0.above",
        ),
        "family without days": (
            lambda topics: quote_of(topics, "late_route").update(days=[]), "topics.late_route.quotes.0",
        ),
        "unknown form": (
            lambda topics: quote_of(topics, "carrier").update(shown_as="colour"), "topics.carrier.quotes.0.shown_as",
        ),
        "missing sentence": (
            lambda topics: quote_of(topics, "carrier").pop("lowers"), "topics.carrier.quotes.0.lowers",
        ),
    }.values(),
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_mistake_in_the_file_is_refused_in_one_line_that_names_it(
    tmp_path: Path, change: object, expected: str
) -> None:
    path = changed(tmp_path, change)
    with pytest.raises(UserError) as error:
        load_topics(path)
    assert expected in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
