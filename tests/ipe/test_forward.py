"""Samples wait in a file until the CSE has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipe.forward import Recovery, Sample, Waiting


def sample(time_s: float, point: str = "power", sequence: int = 0) -> Sample:
    return Sample(point, time_s, sequence, {"value": time_s * 2})


def times(waiting: Waiting, recovery: Recovery = Recovery.OLDEST_FIRST, limit: int = 100) -> list[float]:
    return [one.time_s for _, one in waiting.take(limit, recovery)]


def test_they_come_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w")
    waiting.put([sample(3), sample(1)])
    waiting.put([sample(2)])
    assert times(waiting) == [1, 2, 3]
    assert times(waiting, Recovery.NEWEST_FIRST, limit=2) == [3, 2]
    assert waiting.take(1)[0][1] == sample(1)


def test_the_same_sample_is_kept_once(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w")
    waiting.put([sample(1), sample(1), sample(1, sequence=1), sample(1, "energy")])
    waiting.put([sample(1)])
    assert len(waiting) == len(waiting.take(100)) == 3


def test_what_is_done_goes_and_the_rest_stays(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w")
    waiting.put([sample(1), sample(2), sample(3)])
    (first, _), (second, _) = waiting.take(2)
    waiting.done([first, second])
    waiting.done([first])
    assert times(waiting) == [3]
    assert len(waiting) == 1


def test_when_it_is_full_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "w"
    waiting = Waiting(path, most=3)
    assert waiting.put([sample(one) for one in (1, 2, 3)]) == 0
    assert waiting.put([sample(5), sample(4)]) == 2
    assert times(waiting) == [3, 4, 5]
    waiting.close()
    again = Waiting(path, most=3)
    assert (times(again), len(again), again.lost) == ([3, 4, 5], 3, 2)


def test_a_value_that_is_no_number_leaves_nothing_half(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path / "w")
    with pytest.raises(ValueError, match="not JSON compliant"):
        waiting.put([sample(1), Sample("power", 2, 0, {"value": float("nan")})])
    assert len(waiting) == 0
    assert waiting.take(10) == []


PROGRAM = """
import os, pathlib, signal, sys
from ipe.forward import Sample, Waiting
waiting = Waiting(pathlib.Path(sys.argv[1]))
for number in range(50):
    waiting.put([Sample("p", float(number), 0, {"value": number})])
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_put_survives_kill_9(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path / "w")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == -9, done.stderr
    waiting = Waiting(tmp_path / "w")
    assert times(waiting) == [float(line) for line in done.stdout.split()]
    assert len(waiting) == 50


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w"
    path.write_text("a letter to my aunt, and not a short one" * 100)
    with pytest.raises(OSError, match="expected a file of this program"):
        Waiting(path)
    with pytest.raises(ValueError, match="at least 1"):
        Waiting(tmp_path / "v", most=0)
