# SPDX-License-Identifier: MIT
"""The cards of the lab, one entry each; all of them are in one machine.

What is true of a card stands here and nowhere else. The host builds the
machine from this table, the guest tests by it. A name is the card's ALSA id.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Card:
    """A sound card that QEMU emulates or the kernel makes up."""

    name: str  # its row in the results, and its ALSA id unless `of` is given
    module: str  # the driver
    of: str | None = None  # another PCM of that card: not a card of its own
    options: str = ""  # for the driver, beside index and id
    needs: tuple[str, ...] = ()  # modules to load before it
    qemu: tuple[str, ...] = ()  # "{wav}": the file that gets what it plays
    playback: str = ""  # the PCM to play to; "": it has none
    capture: str = ""  # the PCM to capture from
    rate: int = 48000
    channels: int = 2
    formats: tuple[str, ...] = ("S16_LE",)  # of peal's, what the driver offers
    access: str = "interleaved"  # "noninterleaved"; "none": the driver cannot mmap
    apart: bool = False  # it keeps channels apart, whether it can mmap or not
    period: int = 1024
    periods: int = 4
    wav: str = ""  # what reaches the WAV: "exact", "zeros" or "audio" (resampled)
    dead_capture: bool = False  # its capture clock never runs
    loops: bool = False  # what is played is captured, sample for sample
    ratio: tuple[int, int] | None = None  # the exact rate where it is not `rate`
    resumes: bool = False  # snd_pcm_resume works
    mixer: tuple[str, ...] = ()  # what to set for it to be heard
    probes: int = 1  # its driver counts probes for good: so many get the id
    unplug: tuple[str, ...] = ()  # the verbs of guest/faults.py that take it away

    @property
    def card(self) -> str:
        """The ALSA id of the card that has this PCM."""
        return self.of or self.name


def _pci(name: str, *rest: str) -> tuple[str, ...]:
    return ("-audiodev", f"wav,id={name},path={{wav}},out.frequency=48000", *rest)


CARDS = (
    Card(
        name="HDA",
        module="snd-hda-intel",
        needs=("snd-hda-codec-generic",),
        qemu=_pci(
            "HDA",
            "-device", "intel-hda,id=hda0",
            "-device", "hda-output,bus=hda0.0,audiodev=HDA,mixer=off",
        ),
        playback="hw:CARD=HDA,DEV=0",
        wav="exact",
        unplug=("pci",),
    ),
    # QEMU's default mixer: Master starts muted, and the driver leaves it so. Only
    # the first stream finds it so: QEMU forgets the mute when one is set up anew.
    Card(
        name="HDAmuted",
        module="snd-hda-intel",
        needs=("snd-hda-codec-generic",),
        qemu=_pci(
            "HDAmuted",
            "-device", "intel-hda,id=hda1",
            "-device", "hda-output,bus=hda1.0,audiodev=HDAmuted",
        ),
        playback="hw:CARD=HDAmuted,DEV=0",
        wav="zeros",
    ),
    Card(
        name="AC97",
        module="snd-intel8x0",
        qemu=_pci("AC97", "-device", "AC97,audiodev=AC97"),
        playback="hw:CARD=AC97,DEV=0",
        capture="hw:CARD=AC97,DEV=0",
        mixer=("Master", "PCM"),
        wav="exact",
        dead_capture=True,
        unplug=("pci",),
    ),
    Card(
        name="ES1370",
        module="snd-ens1370",
        qemu=_pci("ES1370", "-device", "ES1370,audiodev=ES1370"),
        playback="hw:CARD=ES1370,DEV=0",
        # DAC2's divider gives 1411200 / 29 = 48662.069 Hz for 48000
        ratio=(1411200, 29),
        probes=16,
        wav="audio",
        unplug=("pci",),
    ),
    Card(
        name="USB",
        module="snd-usb-audio",
        needs=("uhci-hcd",),
        qemu=_pci(
            "USB",
            "-device", "piix3-usb-uhci,id=uhci",
            "-device", "usb-audio,id=usbaudio,bus=uhci.0,audiodev=USB",
        ),
        playback="hw:CARD=USB,DEV=0",
        mixer=("Audio Output Volume Control",),
        wav="exact",
        unplug=("usb", "device_del"),
    ),
    Card(
        name="LoopA",
        module="snd-aloop",
        options="enable=1,1",
        playback="hw:CARD=LoopA,DEV=0",
        capture="hw:CARD=LoopA,DEV=1",
        formats=("S16_LE", "S24_LE", "S24_3LE", "S32_LE", "FLOAT_LE"),
        loops=True,
        resumes=True,
        unplug=("platform",),
    ),
    Card(
        name="LoopB",
        module="snd-aloop",
        options="enable=1,1",
        playback="hw:CARD=LoopB,DEV=0",
        capture="hw:CARD=LoopB,DEV=1",
        formats=("S16_LE", "S24_LE", "S24_3LE", "S32_LE", "FLOAT_LE"),
        loops=True,
        resumes=True,
    ),
    *(
        Card(
            name=name,
            module="snd-dummy",
            of="Dummy",
            options="pcm_devs=4",
            playback=f"hw:CARD=Dummy,DEV={device}",
            capture=f"hw:CARD=Dummy,DEV={device}",
            formats=("S16_LE",),
            access=access,
            apart=device % 2 == 1,
            resumes=True,
            unplug=("platform",) if device == 0 else (),
        )
        for device, (name, access) in enumerate(
            (
                ("Dummy0", "interleaved"),
                ("Dummy1", "noninterleaved"),
                ("Dummy2", "none"),
                ("Dummy3", "none"),
            )
        )
    ),
)


def driver_commands(cards: tuple[Card, ...] = CARDS) -> list[str]:
    """The modprobe lines that bring these cards up, each under its own id."""
    needs = dict.fromkeys(need for card in cards for need in card.needs)
    drivers: dict[str, dict[str, Card]] = {}
    for card in cards:
        drivers.setdefault(card.module, {}).setdefault(card.card, card)
    lines = [f"modprobe {need}" for need in needs]
    first = 0
    for module, its in drivers.items():
        probed = [(first + i, card) for i, card in enumerate(its.values()) for _ in range(card.probes)]
        indexes = ",".join(str(index) for index, _ in probed)
        ids = ",".join(card.card for _, card in probed)
        options = next(iter(its.values())).options
        lines.append(f"modprobe {module} index={indexes} id={ids} {options}".rstrip())
        first += len(its)
    return lines
