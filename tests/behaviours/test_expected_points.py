"""Which points are missing: the compact form against a plain list (TS-5)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cse.behaviours.expected_points import GAPS, Grid, Points

GRID = Grid(interval=10, delta=2, patience=35)


class Plain:
    """Every number on its own."""

    def __init__(self) -> None:
        self.came = {0}
        self.decided = 0

    def point(self, moment: int) -> None:
        for number in range(self.decided + 1, 200):
            if abs(moment - 10 * number) <= GRID.delta:
                self.came.add(number)

    def due(self, now: int) -> list[int]:
        missing = []
        while (self.decided + 1) * 10 + GRID.patience <= now:
            self.decided += 1
            if self.decided not in self.came:
                missing.append(self.decided * 10)
        return missing


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=60))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_ts_5_ranges_decide_as_single_points_do(steps: list[tuple[bool, int]]) -> None:
    plain, points, now = Plain(), Points(0), 0
    for passes, number in steps:
        if passes:
            now += number
            points, missing = points.decided(GRID, now, 1000)
            assert missing == plain.due(now)
        else:
            moment = now - 30 + number
            points = Points.read(points.with_point(GRID, moment).written())
            plain.point(moment)
        assert all(end < start for (_, end), (start, _) in zip(points.early, points.early[1:], strict=False))
        assert not points.early or points.early[0][0] > points.next
    assert points.due(GRID) > now or points.decided(GRID, now, 1)[1]


def test_ts_5_newest_of_very_many() -> None:
    points, missing = Points(0).decided(Grid(1, 0, 5), 10**18, 3)
    assert missing == [10**18 - 7, 10**18 - 6, 10**18 - 5]
    assert points == Points(0, 10**18 - 4)


def test_ts_5_of_too_many_gaps_the_oldest_is_decided() -> None:
    grid, points = Grid(10, 0, 10**9), Points(0)
    for number in range(2, 2 * GAPS + 4, 2):
        points = points.with_point(grid, number * 10)
    points, missing = points.decided(grid, 0, 10)
    assert missing == [10, 30]
    assert len(points.early) <= GAPS


def test_ts_5_between_two_expected_times_the_earlier_counts() -> None:
    grid = Grid(10, 5, 20)
    assert Points(0).with_point(grid, 15) == Points(0, 2)
    assert Points(0).with_point(grid, 5) == Points(0, 1)
