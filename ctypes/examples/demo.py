# SPDX-License-Identifier: MIT
"""A tour: what the engine got, a WAV file played and captured back, pings meanwhile.

On a machine without a sound card it runs on the virtual one, where what comes
back must be what was played, bit by bit: the exit status says whether it was.
"""
import argparse
import statistics
import sys
import wave

import peal

FRONT_CENTER = "/usr/share/sounds/alsa/Front_Center.wav"
FORMATS = {2: "S16_LE", 3: "S24_3LE", 4: "S32_LE"}


def read_wav(path):
    """What `peal.Engine` must be for the file, and the file's frames."""
    try:
        with wave.open(path) as file:
            if file.getsampwidth() not in FORMATS:
                sys.exit(f"{path} has samples of 8 bits; this demo plays 16, 24 and 32")
            wanted = dict(rate=file.getframerate(), channels=file.getnchannels(),
                          format=FORMATS[file.getsampwidth()])
            frames = file.readframes(file.getnframes())
    except FileNotFoundError:
        sys.exit(f"{path} is not there: install alsa-utils, or name a WAV file")
    except (wave.Error, EOFError) as reason:
        sys.exit(f"{path} is no WAV file that Python can read: {reason}")
    if not frames:
        sys.exit(f"{path} holds no frames")
    return wanted, frames


def open_engine(device, wanted):
    """Both directions if the device has them, else playback alone."""
    wanted = dict(wanted, stream_frames=wanted["rate"])
    try:
        return peal.Engine(device, capture=True, **wanted)
    except peal.EngineError as refusal:
        with_capture = refusal
    try:
        engine = peal.Engine(device, **wanted)
    except peal.EngineError as refusal:
        sys.exit(refusal.strerror)
    print("playback only:", with_capture.strerror)
    return engine


def describe(engine):
    info, report = engine.info, engine.rt_report
    print("device   ", info.playback.name,
          "(this machine has no sound card)" if info.fallback else f"({info.playback.card_name})")
    print(f"frames    {info.rate} Hz, {info.channels} channels, {info.format}")
    print(f"period    {info.period_frames} frames: {1e3 * info.period_frames / info.rate:.1f} ms")
    print(f"priority  SCHED_FIFO {report.priority} granted" if report.priority else
          f"priority  normal: {report.sched_reason} {report.sched_remedy}")
    print(f"memory    {report.locked_bytes} of {report.arena_bytes} bytes locked into RAM"
          f" {report.lock_reason} {report.lock_remedy}".rstrip())


def play(engine, frames):
    """Play the frames. Returns what came back, by its first frame, and the pings' round trips."""
    info = engine.info
    total = len(frames) // info.frame_bytes
    # Silence behind the end, so that the device never waits for us before we heard it.
    todo = memoryview(frames + bytes(info.rate * info.frame_bytes))
    todo = todo[info.frame_bytes * engine.playback.write(todo):]
    captured, trips, heard = {}, {False: [], True: []}, 0
    engine.start()
    while heard < total:
        for wake in trips:
            trips[wake].append(engine.ping(wake=wake).round_trip)
        todo = todo[info.frame_bytes * engine.playback.write(todo):]
        while info.capture and (chunk := engine.capture.read()):
            captured[chunk.frame] = bytes(chunk.data)  # and the chunk itself can be used again
            heard = chunk.frame + chunk.frames
        if not info.capture:
            heard = engine.frame - info.playback.buffer_frames
    return captured, trips


def print_trips(trips):
    for wake, seconds in trips.items():
        us = sorted(1e6 * trip for trip in seconds)
        print(f"pings     {len(us)} {'with a wake:   ' if wake else 'without a wake:'} "
              f"min {us[0]:.0f}, median {statistics.median(us):.0f}, "
              f"p99 {us[int(0.99 * len(us))]:.0f}, max {us[-1]:.0f} us")


def compare(frames, captured, frame_bytes):
    """How many of the frames came back, and how many of those unchanged."""
    back = same = 0
    for frame, data in captured.items():
        played = frames[frame * frame_bytes:][:len(data)]
        back += len(played) // frame_bytes
        same += sum(played[at:at + frame_bytes] == data[at:at + frame_bytes]
                    for at in range(0, len(played), frame_bytes))
    return back, same


def report(engine, frames, captured):
    """Print what came back; True if all is well."""
    info, stats = engine.info, engine.stats
    total = len(frames) // info.frame_bytes
    for event in iter(engine.receive_msg, None):
        print(f"event     {event.type.name} at frame {event.frame}")
    if not info.playback.name.startswith("virtual"):
        count = sum(map(len, captured.values())) // info.frame_bytes
        print(f"result    {total} frames played, {count} captured")
        return True
    if stats.underrun_frames or stats.lost_frames:
        print(f"result    {total} frames played, but {stats.underrun_frames} frames late "
              f"and {stats.lost_frames} lost: what came back is shifted")
        return False
    back, same = compare(frames, captured, info.frame_bytes)
    print(f"result    {total} frames played, {back} captured back, "
          f"{'identical' if back == same else f'{back - same} of them differ'}; "
          f"{total - back} reported as gaps")
    return back == same and (back == total or stats.xruns > 0)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("wav", nargs="?", default=FRONT_CENTER, help="the file to play")
    options.add_argument("--device", help="an ALSA PCM; by default the default one")
    options = options.parse_args()
    wanted, frames = read_wav(options.wav)
    engine = open_engine(options.device, wanted)
    describe(engine)
    print("playing  ", options.wav)
    captured, trips = play(engine, frames)
    engine.stop()
    print_trips(trips)
    sys.exit(0 if report(engine, frames, captured) else 1)


if __name__ == "__main__":
    main()
