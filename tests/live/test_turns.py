"""Turns count, go stale and remember their moments."""

from pipecat.frames.frames import TextFrame

from mien.live.turns import Turns, generation_of, stamp


def test_a_cut_makes_everything_older_stale_but_not_the_new_turn():
    turns = Turns()
    first = turns.begin()
    second = turns.begin()
    assert not turns.is_stale(first)
    third = turns.cut()
    assert [turns.is_stale(generation) for generation in (first, second, third)] == [True, True, False]
    assert turns.generation == third


def test_reserved_turns_keep_their_order_and_begin_later():
    turns = Turns()
    running = turns.begin()
    first, second = turns.reserve(), turns.reserve()
    assert running < first < second
    assert turns.generation == running
    turns.enter(first)
    assert turns.generation == first


def test_a_cut_also_drops_what_was_reserved():
    turns = Turns()
    waiting = turns.reserve()
    turns.cut()
    assert turns.is_stale(waiting)


def test_stages_add_up_to_the_total():
    turns = Turns()
    turn = turns.begin()
    for at, name in enumerate(
        ["spoke", "vad", "asr", "turn", "llm_request", "llm", "sentence", "tts", "frame", "played"]
    ):
        turns.mark(name, turn, at=float(at))  # pyright: ignore[reportArgumentType]
    stages = turns.stages(turn)
    assert list(stages) == ["vad", "asr", "llm", "tts", "frame", "played", "total"]
    assert stages["total"] == 9.0 == sum(stages.values()) - stages["total"]


def test_a_typed_turn_has_neither_silence_nor_recognition():
    turns = Turns()
    turn = turns.begin()
    for at, name in enumerate(["asked", "llm_request", "sentence", "tts", "played"]):
        turns.mark(name, turn, at=float(at))  # pyright: ignore[reportArgumentType]
    assert turns.stages(turn) == {"llm": 2.0, "tts": 1.0, "played": 1.0, "total": 4.0}


def test_only_the_first_occurrence_of_a_moment_counts():
    turns = Turns()
    turns.mark("llm", 0, at=1.0)
    turns.mark("llm", 0, at=2.0)
    assert turns.marks(0) == {"llm": 1.0}


def test_moments_of_long_gone_turns_are_forgotten():
    turns = Turns()
    first = turns.begin()
    for _ in range(200):
        turns.begin()
    turns.mark("played", first)
    assert turns.marks(first) == {} == turns.stages(first)


def test_a_stamp_can_be_read_again():
    frame = TextFrame("hello")
    assert generation_of(frame) is None
    stamp(frame, 7)
    assert generation_of(frame) == 7
