"""Counts over time in Braille and in ASCII: exact glyphs, one cell each."""

from rich.cells import cell_len

from zjj_console.reports.spark import digits, spark


def test_up_to_four_a_count_is_as_many_dots():
    assert spark([1, 2, 3, 4]) == "⣠⣾"
    assert spark([0, 1]) == "⢀"
    assert spark([1, 0]) == "⡀"
    assert spark([4, 4]) == "⣿"


def test_an_odd_number_of_counts_ends_at_the_right_edge():
    assert spark([4]) == "⢸"
    assert spark([1, 2, 3]) == "⢀⣴"


def test_zero_is_blank_and_nothing_is_nothing():
    assert spark([0, 0, 0, 0]) == "⠀⠀"
    assert spark([]) == ""
    assert digits([]) == ""


def test_large_counts_are_scaled_and_none_vanishes():
    assert spark([100, 1]) == "⣇"
    assert spark([50, 100]) == "⣼"


def test_every_glyph_is_one_cell_of_braille():
    text = spark(range(40))
    assert len(text) == cell_len(text) == 20
    assert all(0x2800 <= ord(char) < 0x2900 for char in text)


def test_digits_say_the_count_itself():
    assert digits([0, 1, 9, 10, 250]) == ".19++"
