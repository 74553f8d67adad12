"""The program that runs espeak-ng: `python worker.py LIBRARY DATA_FOLDER`, spoken to through its standard pipes.

It imports the standard library only, so that it starts in a few tens of milliseconds, and never Mien: the GPL library stays
in this process.

A request is a uint32 length (little endian) and that much JSON: `{}` lists the voices;
`{"voice", "text", "rate", "pitch"}` speaks. The answer, and the greeting at the start, is uint32 length of the JSON,
uint32 length of the sound, JSON, 16-bit mono PCM. JSON with `error` means that the request failed.
End of input ends the process.

espeak-ng carries the phase of its waves and its noise from one utterance to the next. Where there is `fork`, each sentence
is spoken by a copy of the process that has not spoken yet: the same request gives the same samples, always.
"""

from __future__ import annotations

import ctypes as C
import json
import os
import select
import signal
import struct
import sys
from typing import Any, BinaryIO

# espeak-ng/speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_PHONEME_EVENTS_IPA_DONT_EXIT = 0x0001 | 0x0002 | 0x8000
_CHARS_UTF8 = 1
_RATE, _PITCH = 1, 3
_EVENT_END, _EVENT_PHONEME = 0, 7
_BUFFER_MS = 500
_WATCH_S = 0.25
_MAX_SAMPLES = 22_050 * 600  # ten minutes for one sentence is a mistake


class _Event(C.Structure):
    _fields_ = [
        ("type", C.c_int),
        ("unique_identifier", C.c_uint),
        ("text_position", C.c_int),  # 1-based, in characters
        ("length", C.c_int),
        ("audio_position", C.c_int),
        ("sample", C.c_int),
        ("user_data", C.c_void_p),
        ("id", C.c_ubyte * 8),  # a union: a number, a pointer, or up to eight bytes of a phoneme's name
    ]


class _Voice(C.Structure):
    _fields_ = [
        ("name", C.c_char_p),
        ("languages", C.c_void_p),
        ("identifier", C.c_char_p),
        ("gender", C.c_ubyte),
        ("age", C.c_ubyte),
        ("variant", C.c_ubyte),
        ("xx1", C.c_ubyte),
        ("score", C.c_int),
        ("spare", C.c_void_p),
    ]


_Callback = C.CFUNCTYPE(C.c_int, C.POINTER(C.c_short), C.c_int, C.POINTER(_Event))


_Entry = tuple[str, str, list[str], int]  # name, identifier, languages, gender


class Espeak:
    """The library: global state, one utterance at a time."""

    def __init__(self, library: str, data: str) -> None:
        # The library keeps its data path in 160 bytes; from inside the folder the path is short.
        os.chdir(data)
        self._library = C.CDLL(library)
        self._library.espeak_ListVoices.restype = C.POINTER(C.POINTER(_Voice))
        self._callback = _Callback(self._receive)
        self._sound = bytearray()
        self._events: list[tuple[int, int, int, int, str]] = []
        self.sample_rate: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, _BUFFER_MS, b".", _INITIALIZE_PHONEME_EVENTS_IPA_DONT_EXIT
        )
        if self.sample_rate <= 0:
            raise OSError("espeak_Initialize failed")
        if seed := getattr(self._library, "espeak_ng_SetRandSeed", None):  # else breath is noise seeded by the clock
            seed(C.c_long(1))
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, wave: Any, count: int, events: Any) -> int:
        index = 0
        while events[index].type != _EVENT_END:
            event = events[index]
            name = bytes(event.id).split(b"\0")[0].decode("utf-8", "ignore") if event.type == _EVENT_PHONEME else ""
            self._events.append((event.type, event.text_position, event.length, event.sample, name))
            index += 1
        if wave and count:
            self._sound += C.string_at(wave, count * 2)
        return int(len(self._sound) > _MAX_SAMPLES * 2)

    def speak(self, voice: str, text: str, rate: int, pitch: int) -> tuple[dict[str, Any], bytes]:
        # A voice that is not found would leave the one before in place.
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            return {"error": f"espeak-ng has no voice {voice!r}"}, b""
        self._library.espeak_SetParameter(_RATE, rate, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._sound, self._events = bytearray(), []
        encoded = text.encode()
        code = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _CHARS_UTF8, None, None)
        if code != 0:
            return {"error": f"espeak-ng failed with code {code}"}, b""
        return {"events": self._events}, bytes(self._sound)

    def voices(self) -> dict[str, Any]:
        languages = C.create_string_buffer(b"variant")
        variant = _Voice(languages=C.cast(languages, C.c_void_p))
        return {
            "voices": [voice for voice in self._list(None) if _has_dictionary(voice)],
            "variants": self._list(C.byref(variant)),
        }

    def _list(self, wanted: Any) -> list[_Entry]:
        found = self._library.espeak_ListVoices(wanted)
        result, index = [], 0
        while found[index]:
            voice = found[index].contents
            result.append((_text(voice.name), _text(voice.identifier), _languages(voice.languages), voice.gender))
            index += 1
        return result


def _has_dictionary(voice: _Entry) -> bool:
    """Some languages are packed without theirs, and then have no sound at all."""
    named = [line.split()[1] for line in _lines(f"lang/{voice[1]}") if line.startswith("dictionary ")]
    return os.path.exists(f"{(named or [voice[2][0].split('-')[0]])[0]}_dict")


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace").strip()


def _languages(address: int | None) -> list[str]:
    """Reads the list of (priority byte, zero-terminated tag) that ends with priority 0."""
    tags: list[str] = []
    while address and C.string_at(address, 1) != b"\0":
        tag = C.string_at(address + 1)
        tags.append(tag.decode("ascii", "replace"))
        address += len(tag) + 2
    return tags


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    (size,) = struct.unpack("<I", head)
    return json.loads(stream.read(size))


def _write(stream: BinaryIO, head: dict[str, Any], sound: bytes = b"") -> None:
    encoded = json.dumps(head, ensure_ascii=False).encode("utf-8", "replace")
    stream.write(struct.pack("<II", len(encoded), len(sound)) + encoded + sound)
    stream.flush()


def main() -> None:
    requests = sys.stdin.buffer
    # What the library itself prints must not fall between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        espeak = Espeak(*sys.argv[1:3])
    except OSError as error:
        _write(answers, {"error": str(error)})
        return
    _write(answers, {"sample_rate": espeak.sample_rate})
    while (request := _read(requests)) is not None:
        if request:
            _speak(espeak, request, answers)
        else:
            _write(answers, espeak.voices())


def _speak(espeak: Espeak, request: dict[str, Any], answers: BinaryIO) -> None:
    if not hasattr(os, "fork"):
        _write(answers, *espeak.speak(**request))
        return
    child = os.fork()
    if child == 0:
        _write(answers, *espeak.speak(**request))
        os._exit(0)
    # A copy can take seconds over a sentence; nobody shall have to wait for it who has gone.
    signal.signal(signal.SIGALRM, lambda *_: _end_without_reader(child))
    signal.setitimer(signal.ITIMER_REAL, _WATCH_S, _WATCH_S)
    status = os.waitpid(child, 0)[1]
    signal.setitimer(signal.ITIMER_REAL, 0)
    if status != 0:
        sys.exit(1)  # it crashed, and may have left half an answer


def _end_without_reader(child: int) -> None:
    """Ends the copy if the input has ended: the program that asked is gone."""
    requests = select.poll()
    requests.register(0, 0)
    if any(event & select.POLLHUP for _, event in requests.poll(0)):
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
