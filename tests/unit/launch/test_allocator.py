from __future__ import annotations

import ctypes
import platform

import pytest

from session_core.launch.allocator import keep_memory_small


class NotedLibrary:
    """Knows every option."""

    def __init__(self) -> None:
        self.options: dict[int, int] = {}

    def mallopt(self, option: int, value: int) -> int:
        self.options[option] = value
        return 1


class OtherLibrary:
    """Has no such function."""


def test_pools_are_few_and_big_blocks_go_back() -> None:
    library = NotedLibrary()
    keep_memory_small(library)
    assert library.options == {-8: 2, -3: 131072, -1: 262144}


def test_another_c_library_is_left_alone() -> None:
    keep_memory_small(OtherLibrary())  # type: ignore[arg-type]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_glibc_knows_the_options() -> None:
    real = ctypes.CDLL(None)
    answers: list[int] = []

    class Asked:
        def mallopt(self, option: int, value: int) -> int:
            answers.append(int(real.mallopt(option, value)))
            return answers[-1]

    keep_memory_small(Asked())
    assert answers == [1, 1, 1]
