"""The window of rows: how long the list is, and what is asked of the database for it."""

import pytest

from zjj_console.widgets.window import CHUNK, RowWindow


class Line:
    """A row as far as a window looks at it."""

    def __init__(self, n):
        self.id, self.cursor = str(n), (1, 0, n)


class Source:
    """A list of so many rows; counts how often its length is asked for."""

    def __init__(self, length):
        self.lines, self.asked = [Line(n) for n in range(length)], 0

    def page(self, limit, after, backward):
        lines = self.lines[::-1] if backward else self.lines
        if after is not None:
            lines = [one for one in lines if (one.cursor < after if backward else one.cursor > after)]
        return lines[:limit][::-1] if backward else lines[:limit]

    def find(self, case_id):
        return next((one for one in self.lines if one.id == case_id), None)

    def count(self):
        self.asked += 1
        return len(self.lines)

    def position(self, cursor):
        return sum(one.cursor < cursor for one in self.lines)


@pytest.mark.parametrize(("length", "asked"), [(0, 0), (CHUNK - 1, 0), (CHUNK, 1), (CHUNK + 1, 1), (5 * CHUNK, 1)])
def test_only_a_list_that_fills_its_first_page_is_counted(length, asked):
    source = Source(length)
    window = RowWindow(source)
    window.load()
    assert (window.total, source.asked) == (length, asked)


def test_a_first_picture_shows_what_has_been_read_and_is_counted_behind_it():
    source = Source(3 * CHUNK)
    window = RowWindow(source)
    window.load(counting=False)
    assert (window.total, source.asked) == (CHUNK, 0)
    window.count()
    assert window.total == 3 * CHUNK
    assert window.row(3 * CHUNK - 1).id == str(3 * CHUNK - 1)


@pytest.mark.parametrize("at", [0, CHUNK, 2 * CHUNK - 1, 2 * CHUNK, 3 * CHUNK])
def test_reading_around_a_case_knows_its_place_and_the_whole_length(at):
    source = Source(4 * CHUNK)
    window = RowWindow(source)
    window.load(keep=str(at))
    assert window.index_of(str(at)) == at
    assert window.total == 4 * CHUNK
