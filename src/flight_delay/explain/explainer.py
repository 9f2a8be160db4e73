"""A model with the reference values and texts that explain its predictions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flight_delay.explain.feature_groups import Topics
from flight_delay.explain.reference import Reference
from flight_delay.model.bundle import Bundle


@dataclass(frozen=True)
class Explainer:
    """A model, the topics of its features, and its reference values."""

    bundle: Bundle
    topics: Topics
    reference: Reference

    @cached_property
    def topic_of(self) -> dict[str, str]:
        """The topic of each feature."""
        return self.topics.topic_of(self.bundle.manifest.features)

    @cached_property
    def group_of(self) -> dict[str, str]:
        """The group of each feature."""
        return {feature.name: feature.group for feature in self.bundle.manifest.features}

    @cached_property
    def labels(self) -> dict[str, str]:
        """The declared label of every feature, topic and group, or else its name."""
        names = [*self.topic_of, *self.topic_of.values(), *self.group_of.values()]
        declared = self.topics.labels(self.bundle.manifest.features)
        return {name: name.replace("_", " ") for name in names} | declared
