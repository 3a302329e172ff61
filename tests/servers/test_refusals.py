# SPDX-License-Identifier: MIT
"""Without a server: the refusal names the cause, at once, and leaves nothing behind."""

import errno

import pytest

from player import Player, Refused

CAUSES = {
    "pipewire": (errno.EHOSTDOWN, "Host is down"),
    "pulseaudio": (errno.ECONNREFUSED, "Unable to connect: Connection refused"),
    "jack": (errno.ENOENT, "No such file or directory"),
}


@pytest.mark.parametrize("way", ["playback", "capture"])
def test_no_server(absent, way):
    player = Player(absent.world)
    player("import os")
    held = "len(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task'))"
    before = player(held).value
    wanted = "" if way == "playback" else ", playback=False, capture=True"
    with pytest.raises(Refused) as refused:
        player(f"peal.Engine({absent.pcm!r}{wanted})")
    cause, words = CAUSES[absent.name]
    assert refused.value.errno == cause
    assert words in refused.value.text
    assert f"{absent.pcm} cannot be opened for {way}" in refused.value.text
    assert refused.value.took < 2
    assert player(held).value == before
