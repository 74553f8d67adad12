from __future__ import annotations

from mien.training import FPS, Split


def test_parts_follow_each_other_and_leave_nothing_out():
    for count in (200, 331, 500, 45_000):
        split = Split.of(count)
        assert (split.train.start, split.train.stop, split.validate.stop) == (0, split.validate.start, split.test.start)
        assert split.test.stop == count
        assert split.test.stop - split.test.start == count // 5


def test_validation_is_an_eighth_of_the_rest_but_never_longer_than_five_seconds():
    assert Split.of(500).validate == slice(350, 400)
    assert Split.of(45_000).validate == slice(36_000 - round(5 * FPS), 36_000)
