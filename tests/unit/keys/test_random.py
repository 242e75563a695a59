"""Random bytes: none are drawn twice, not by threads and not by a process and its child."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from compliance_bot.keys import KEY_BYTES, random_bytes


def test_none_are_drawn_twice() -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: random_bytes(KEY_BYTES), range(2000)))
    assert len(set(drawn)) == 2000
    assert {len(one) for one in drawn} == {KEY_BYTES}


def test_a_forked_process_draws_others() -> None:
    random_bytes(KEY_BYTES)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, random_bytes(KEY_BYTES))
        os._exit(0)
    ours, theirs = random_bytes(KEY_BYTES), os.read(reading, KEY_BYTES)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)
    assert ours != theirs
