"""What it takes to explain a model's predictions, and which of its features belong together."""

from __future__ import annotations

from typing import NamedTuple

from flight_delay.explain.reference import Reference
from flight_delay.explain.topics import Topics
from flight_delay.model.bundle import Bundle


class Explainer(NamedTuple):
    """A model, the topics of its features, and what is usual on the flights that it was trained on."""

    bundle: Bundle
    topics: Topics
    reference: Reference

    @property
    def topic_of(self) -> dict[str, str]:
        """The topic of each feature."""
        return self.topics.topic_of(self.bundle.manifest.features)

    @property
    def group_of(self) -> dict[str, str]:
        """The group of each feature."""
        return {feature.name: feature.group for feature in self.bundle.manifest.features}

    @property
    def labels(self) -> dict[str, str]:
        """Words for topics and for features, where there are any."""
        return self.topics.labels(self.bundle.manifest.features)
