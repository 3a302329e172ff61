# SPDX-License-Identifier: MIT
"""peal devices."""

import re


def test_the_virtual_card_is_listed_in_both_directions(peal):
    done = peal("devices")
    assert (done.returncode, done.stderr) == (0, "")
    assert ["virtual", "both"] in [line.split()[:2] for line in done.stdout.splitlines()]


def test_columns_are_aligned(peal):
    header, *rows = peal("devices").stdout.splitlines()
    assert header.split() == ["NAME", "DOES", "DESCRIPTION"]
    does, description = header.index("DOES"), header.index("DESCRIPTION")
    assert rows
    for row in rows:
        assert row[does - 2 : does] == "  " and row[does : description - 2].strip() in (
            "playback", "capture", "both", "none")
        assert row[description - 2 : description] == "  " and row[description] != " "


def test_each_device_says_what_it_offers_or_why_not(peal):
    done = peal("devices", "-v")
    assert done.returncode == 0
    listed = [line.split()[0] for line in peal("devices").stdout.splitlines()[1:]]
    told = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert told == listed
    virtual = done.stdout[done.stdout.index("\nvirtual\n") :].splitlines()[2:]
    assert [line.split() for line in virtual] == [
        "peal's virtual card, in this program: what is played is captured".split(),
        "playback IOPLUG, no card".split(),
        "access mmap interleaved, mmap non-interleaved, read/write interleaved, "
        "read/write non-interleaved".split(),
        "formats S16_LE, S24_LE, S24_3LE, S32_LE, FLOAT_LE".split(),
        "channels 1..256".split(),
        "rates 1000..768000 Hz".split(),
        "sizes periods of 8..16777216 frames, a buffer of 16..33554432".split(),
        "for 2 channels of S16_LE at 48000 Hz".split(),
        "position to the frame".split(),
        "capture the same".split(),
        "clock one for both: they start together".split(),
    ]


def test_one_device_is_asked_by_its_name(peal, file_devices):
    done = peal("devices", "hw:anything")
    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.splitlines()
    assert first == "hw:anything"
    assert "    playback  MULTI, no card" in rest
    assert any(line.split() == ["channels", "2"] for line in rest)
    assert rest[-1].split(None, 1) == ["clock", "playback and capture cannot be linked"]


def test_a_device_that_refuses_says_so_where_its_limits_would_stand(peal):
    done = peal("devices", "virtual:fault=open@0")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^    playback  virtual:fault=open@0 cannot be opened: ", done.stdout, re.M)
    assert "    capture   IOPLUG, no card\n" in done.stdout
    assert "the same" not in done.stdout and "clock" not in done.stdout
    done = peal("devices", "virtual:clock=sundial")
    assert done.returncode == 1 and "sundial" in done.stdout
