"""Changes of the data dictionary's content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Content = dict[str, Any]


def entry(section: str, name: str, **values: Any) -> Callable[[Content], Any]:
    """Changes values of an entry; `...` takes a key out."""

    def change(content: Content) -> None:
        changed = {**content[section][name], **values}
        content[section][name] = {key: value for key, value in changed.items() if value is not ...}

    return change
