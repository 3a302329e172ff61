# SPDX-License-Identifier: MIT
"""What a device offers, asked of it."""

import errno
import os

import peal
import pytest
from conftest import environment, succeeded
from peal import DeviceAccess as A

CONFIGURATION = """
</usr/share/alsa/alsa.conf>
pcm.left { type multi slaves.a { pcm null channels 2 }
  bindings.0 { slave a channel 0 } bindings.1 { slave a channel 1 } }
pcm.floats { type lfloat slave { pcm null format S16_LE } }
pcm.nothing { type hw card 31 }
"""
#: What the configuration above makes it say, in a Python that has it from the start.
ASK = """
    import peal, sys
    name, *rest = sys.argv[1:]
    limits = peal.query(name).playback
    print(*(repr(getattr(limits, field)) for field in rest), sep="; ")
"""


@pytest.fixture
def ask(python, tmp_path):
    path = tmp_path / "asound.conf"
    path.write_text(CONFIGURATION)

    def ask(*arguments):
        return python(ASK, *arguments, env=environment(ALSA_CONFIG_PATH=str(path)))
    return ask


def test_the_virtual_card_offers_what_its_header_says():
    limits = peal.query("virtual")
    assert limits.directions == peal.Direction.PLAYBACK | peal.Direction.CAPTURE
    assert limits.linkable is True
    assert limits.capture == limits.playback
    card = limits.playback
    assert (card.error, card.reason, card.type, card.card_id, card.card) == (0, "", "IOPLUG", "", -1)
    assert card.accesses == (A.MMAP_INTERLEAVED | A.MMAP_NONINTERLEAVED | A.RW_INTERLEAVED |
                             A.RW_NONINTERLEAVED)
    assert card.formats == ("S16_LE", "S24_LE", "S24_3LE", "S32_LE", "FLOAT_LE")
    assert card.other_formats == ()
    assert card.channels == tuple(range(1, 257))
    assert (card.rate_min, card.rate_max, card.rate_any) == (1000, 768000, True)
    assert 44100 in card.rates and card.rates == tuple(sorted(set(card.rates)))
    assert (card.default_format, card.default_channels, card.default_rate) == ("S16_LE", 2, 48000)
    assert card.period_min <= 16 and card.period_max >= 65536
    assert card.buffer_min <= 32 and card.buffer_max >= 1024 * 16
    assert card.batch is False


@pytest.mark.parametrize("sizes", [(16, 2), (65536, 2), (16, 1024)])
def test_what_it_offers_is_what_an_engine_gets(make_engine, sizes):
    period, periods = sizes
    limits = peal.query("virtual").playback
    info = make_engine(period=period, periods=periods).info
    assert limits.period_min <= info.period_frames == period <= limits.period_max
    assert limits.buffer_min <= info.playback.buffer_frames <= limits.buffer_max


@pytest.mark.parametrize("playback, capture", [(True, False), (False, True)])
def test_only_the_directions_that_were_asked_for_are_told(playback, capture):
    limits = peal.query("virtual", playback, capture)
    assert (limits.playback is not None, limits.capture is not None) == (playback, capture)
    assert limits.linkable is False  # alone it has nothing to be linked to


def test_plugins_are_asked_too():
    null, plug = peal.query("null").playback, peal.query("plug:null").playback
    assert (null.type, plug.type) == ("NULL", "PLUG")
    assert null.buffer_max and null.rate_max is None  # no limit at all
    assert {"U8", "S16_BE", "MU_LAW"} <= set(null.other_formats)
    assert not {"S16_LE", "FLOAT_LE"} & set(null.other_formats)
    assert not peal.query("null").linkable


def test_channels_and_formats_are_told_one_by_one(ask):
    done = ask("left", "type", "channels", "rates")
    assert succeeded(done)
    assert done.stdout.startswith("'MULTI'; (2,); (")
    done = ask("floats", "formats", "other_formats", "default_format")
    assert succeeded(done)
    assert done.stdout == "('FLOAT_LE',); ('FLOAT_BE', 'FLOAT64_LE', 'FLOAT64_BE'); 'FLOAT_LE'\n"


def test_a_device_that_cannot_be_opened_says_why():
    with pytest.raises(peal.EngineError) as refusal:
        peal.query("nosuchdevice")
    assert refusal.value.errno == errno.ENOENT
    assert "nosuchdevice" in refusal.value.strerror
    with pytest.raises(peal.EngineError, match="sundial"):
        peal.query("virtual:clock=sundial")


def test_the_other_direction_is_asked_all_the_same():
    """The first open is refused, once; the second, of the other direction, is not."""
    limits = peal.query("virtual:fault=open@0")
    assert limits.directions == peal.Direction.CAPTURE and not limits.linkable
    assert limits.playback.error == -errno.EIO
    assert "virtual:fault=open@0" in limits.playback.reason
    assert (limits.playback.formats, limits.playback.channels) == ((), ())
    assert limits.capture.error == 0 and limits.capture.formats


def test_nothing_stays_open():
    def ask_all():
        for device in "virtual", "null", "plug:null", "virtual:fault=open@0":
            peal.query(device)

    ask_all()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        ask_all()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_listed_device_can_be_asked():
    virtual, = (device for device in peal.devices() if device.name == "virtual")
    assert virtual.limits() == peal.query("virtual")


@pytest.mark.parametrize("use, error", [
    (lambda: peal.query("virtual", False, False), ValueError),
    (lambda: peal.query(7), TypeError)])
def test_what_is_no_device_is_refused(use, error):
    with pytest.raises(error):
        use()
