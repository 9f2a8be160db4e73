"""review.difference.pictures and texts: how many pixels and lines differ."""

from __future__ import annotations

import base64
import io
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
    ("pixels", "by", "words", "matters"),
    [
        (2, 9, "1.00% of 20 x 10 pixels differ, by up to 9 of 255; 1.00% by more than 8", False),
        (3, 9, "1.50% of 20 x 10 pixels differ, by up to 9 of 255; 1.50% by more than 8", True),
        (200, 8, "100.00% of 20 x 10 pixels differ, by up to 8 of 255; 0.00% by more than 8", False),
        (1, 155, "0.50% of 20 x 10 pixels differ, by up to 155 of 255; 0.50% by more than 8", False),
    ],
)
def test_pixels_are_counted_and_a_hundredth_of_them_may_visibly_differ(
    pixels: int, by: int, words: str, matters: bool
) -> None:
    assert compare_pixels(read_pixels(png(GREY)), read_pixels(png(with_changes(pixels, by)))) == Said(words, matters)
    assert compare_pixels(read_pixels(png(with_changes(pixels, by))), read_pixels(png(GREY))) == Said(words, matters)


def test_a_picture_of_another_size_matters() -> None:
    said = compare_pixels(read_pixels(png(GREY)), read_pixels(png(GREY[:5])))
    assert said == Said("20 x 10 -> 20 x 5 pixels", matters=True)


def test_the_same_pixels_compressed_otherwise_do_not_matter() -> None:
    opaque = GREY.copy()
    opaque[..., 3] = 255
    for other in (png(opaque, compress_level=0), png(opaque[..., :3])):
        assert compare_pixels(read_pixels(png(opaque)), read_pixels(other)) == Said(
            "the same pixels, written differently", matters=False
        )
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
    ("then", "now", "words"),
    [
        ("a\nb\nc", "a\nx\nc", "line 2: 'b' -> 'x'; 1 line gone, 1 new"),
        ("a\nb\nc", "a\nc", "line 2: 'b' -> 'c'; 1 line gone, 0 new"),
        ("a", "a\nb", "line 2 is new: 'b'; 0 lines gone, 1 new"),
        ("a\n", "a", "line 2 is gone: ''; 1 line gone, 0 new"),
        ("a\nb", "a\r\nb", r"line 1: 'a' -> 'a\r'; 1 line gone, 1 new"),
        ("a\nb", "b\na", "line 1: 'a' -> 'b'; 0 lines gone, 0 new"),
        ("é", "\x1b[31m", r"line 1: 'é' -> '\x1b[31m'; 1 line gone, 1 new"),
        ("1" * 99, "1" * 99 + "2", f"line 1: …'{'1' * 60}' -> …'{'1' * 59}2'; 1 line gone, 1 new"),
    ],
)  # fmt: skip
def test_the_first_line_that_differs_is_shown_and_matters(then: str, now: str, words: str) -> None:
    assert text(then, now) == Said(words, matters=True)


def test_pictures_in_a_page_are_compared_as_pictures() -> None:
    little, much = png(with_changes(1, 9)), png(with_changes(100, 9))
    assert text(page(png(GREY), png(GREY)), page(png(GREY), little)) == Said(
        "1 of 2 pictures differs, one in line 3: 0.50% of 20 x 10 pixels differ, by up to 9 of 255; 0.50% by more than 8",
        matters=False,
    )
    assert text(page(png(GREY), png(GREY)), page(little, much)) == Said(
        "2 of 2 pictures differ, one in line 3: 50.00% of 20 x 10 pixels differ, by up to 9 of 255; 50.00% by more than 8",
        matters=True,
    )
    assert text(page(png(GREY)), page(png(GREY)[:30])) == Said(
        "1 of 1 picture differs, one in line 2: not readable as a picture", matters=True
    )


def test_a_picture_more_or_less_matters_and_is_not_printed() -> None:
    said = text(page(png(GREY), words="a"), page(png(GREY), png(GREY), words="b"))
    assert said == Said("line 1: 'a' -> 'b'; 1 line gone, 2 new; 1 -> 2 pictures", matters=True)
    assert text(page(png(GREY)), page(png(GREY)) + "x").words == (
        "line 2: '<img src=\"(a picture)\">' -> '<img src=\"(a picture)\">x'; 1 line gone, 1 new"
    )
