"""How two PNG pictures differ, pixel by pixel. What they show is not looked at."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from flight_delay.review.difference.wording import Said

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.int16]]

VISIBLE = 8  # of 255: a channel that differs by more can be seen
SHARE = 0.01  # of the pixels: fewer visible ones are the edges of letters and lines

_EIGHT_BITS = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}  # modes of Pillow that RGBA holds without loss


def read_pixels(content: bytes) -> Pixels:
    """Red, green, blue and opacity from 0 to 255, of shape (height, width, 4).

    Raises:
        OSError, SyntaxError, ValueError: it is not a whole PNG, has more than one frame, or more than 8 bits a channel.
    """
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        if picture.mode not in _EIGHT_BITS or getattr(picture, "n_frames", 1) > 1:
            raise ValueError(f"a picture of another kind: {picture.mode}")
        pixels: Any = np.asarray(picture.convert("RGBA"), dtype=np.int16)
    return pixels  # type: ignore[no-any-return]


def compare_pixels(then: Pixels, now: Pixels) -> Said:
    """Say size, or share of pixels that differ and by how much. Up to SHARE of them may differ by more than VISIBLE."""
    if then.shape != now.shape:
        (height, width, _), (height_now, width_now, _) = then.shape, now.shape
        return Said(f"{width} x {height} -> {width_now} x {height_now} pixels", matters=True)
    by = np.abs(then - now).max(axis=2)
    if not by.any():
        return Said("the same pixels, written differently", matters=False)
    visible = float((by > VISIBLE).mean())
    return Said(
        f"{float((by > 0).mean()):.2%} of {then.shape[1]} x {then.shape[0]} pixels differ, by up to {by.max()} of 255; "
        f"{visible:.2%} by more than {VISIBLE}",
        matters=visible > SHARE,
    )
