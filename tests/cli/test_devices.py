# SPDX-License-Identifier: MIT
"""peal devices."""


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
