"""review.difference.pictures and texts: how many pixels and lines differ."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from flight_delay.review.difference.pictures import compare_pixels, read_pixels
from flight_delay.review.difference.texts import compare_text, read_text
from flight_delay.review.difference.wording import Said

GREY = np.full((10, 20, 4), 100, np.uint8)


def png(pixels: Any, **options: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "PNG", **options)
    return sink.getvalue()


def with_changes(pixels: int, by: int) -> Any:
    changed = GREY.copy()
    changed.reshape(-1, 4)[:pixels, 1] += np.uint8(by)
    return changed


def text(then: str, now: str) -> Said:
    return compare_text(read_text(then.encode()), read_text(now.encode()))


def page(*pictures: bytes, words: str = "") -> str:
    return "\n".join(
        [words, *(f'<img src="data:image/png;base64,{base64.b64encode(of).decode()}">' for of in pictures)]
    )


@pytest.mark.parametrize(
    ("pixels", "by", "differ", "visibly", "matters"),
    [
        (2, 9, "1.00%", "1.00%", False),
        (3, 9, "1.50%", "1.50%", True),
        (200, 8, "100.00%", "0.00%", False),
        (1, 155, "0.50%", "0.50%", False),
    ],
)
def test_pixels_are_counted_and_a_hundredth_of_them_may_visibly_differ(
    pixels: int, by: int, differ: str, visibly: str, matters: bool
) -> None:
    one, other = (read_pixels(png(of)) for of in (GREY, with_changes(pixels, by)))
    said = compare_pixels(one, other)
    assert said.matters == matters
    assert re.findall(r"[\d.]+%|\d+", said.words) == [differ, "20", "10", str(by), "255", visibly, "8"]
    assert compare_pixels(other, one) == said


def test_a_picture_of_another_size_matters() -> None:
    said = compare_pixels(read_pixels(png(GREY)), read_pixels(png(GREY[:5])))
    assert said.matters
    assert "20 x 10 -> 20 x 5" in said.words


def test_the_same_pixels_compressed_otherwise_do_not_matter() -> None:
    opaque = GREY.copy()
    opaque[..., 3] = 255
    for other in (png(opaque, compress_level=0), png(opaque[..., :3])):
        said = compare_pixels(read_pixels(png(opaque)), read_pixels(other))
        assert not said.matters
        assert "%" not in said.words
    assert compare_pixels(read_pixels(png(GREY)), read_pixels(png(opaque))).matters


def test_pictures_that_eight_bits_do_not_hold_are_not_read() -> None:
    with pytest.raises(ValueError, match="another kind"):
        read_pixels(png(np.full((2, 2), 60000, np.uint16)))
    sink = io.BytesIO()
    frames = [Image.fromarray(with_changes(pixels, 9)) for pixels in (1, 2)]
    frames[0].save(sink, "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(ValueError, match="another kind"):
        read_pixels(sink.getvalue())


@pytest.mark.parametrize(
    ("then", "now", "shown", "gone", "new"),
    [
        ("a\nb\nc", "a\nx\nc", "line 2: 'b' -> 'x'; ", 1, 1),
        ("a\nb\nc", "a\nc", "line 2: 'b' -> 'c'; ", 1, 0),
        ("a", "a\nb", ": 'b'; ", 0, 1),
        ("a\n", "a", ": ''; ", 1, 0),
        ("a\nb", "a\r\nb", r"line 1: 'a' -> 'a\r'; ", 1, 1),
        ("a\nb", "b\na", "line 1: 'a' -> 'b'; ", 0, 0),
        ("é", "\x1b[31m", r"line 1: 'é' -> '\x1b[31m'; ", 1, 1),
        ("1" * 99, "1" * 99 + "2", f"line 1: …'{'1' * 60}' -> …'{'1' * 59}2'; ", 1, 1),
    ],
)
def test_the_first_line_that_differs_is_shown_and_matters(then: str, now: str, shown: str, gone: int, new: int) -> None:
    said = text(then, now)
    assert said.matters
    assert shown in said.words
    assert re.findall(r"\d+", said.words.rpartition("; ")[2]) == [str(gone), str(new)]


@pytest.mark.parametrize(
    ("then", "now", "numbers", "matters"),
    [
        ((GREY, GREY), (GREY, with_changes(1, 9)), ["1", "2", "3", "0.50%"], False),
        ((GREY, GREY), (with_changes(1, 9), with_changes(100, 9)), ["2", "2", "3", "50.00%"], True),
    ],
)
def test_pictures_in_a_page_are_compared_as_pictures(then: Any, now: Any, numbers: list[str], matters: bool) -> None:
    said = text(page(*map(png, then)), page(*map(png, now)))
    assert said.matters == matters
    assert re.findall(r"[\d.]+%|\d+", said.words)[:4] == numbers


def test_a_damaged_picture_in_a_page_matters() -> None:
    said = text(page(png(GREY)), page(png(GREY)[:30]))
    assert said.matters
    assert re.findall(r"\d+", said.words) == ["1", "1", "2"]


def test_a_picture_more_or_less_matters_and_is_not_printed() -> None:
    said = text(page(png(GREY), words="a"), page(png(GREY), png(GREY), words="b"))
    assert said.matters
    assert "line 1: 'a' -> 'b'; " in said.words
    assert "; 1 -> 2 " in said.words
    assert text(page(png(GREY)), page(png(GREY)) + "x").words.count('<img src="(') == 2
