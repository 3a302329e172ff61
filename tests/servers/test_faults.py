# SPDX-License-Identifier: MIT
"""Servers that die, stop and go on under an engine: it answers, tells, rests and ends."""

import errno
from statistics import median

import pytest

from cases import PERIOD, RATE, RETURNED, named, playing
from player import Refused, Stuck


def of(names):
    return pytest.mark.parametrize("seen", names, indirect=True)


def returned(call):
    """It came back in time."""
    assert not isinstance(call, Stuck), call
    assert call.took < RETURNED


def ended(destroy):
    """It came back in time; a device that does not is left behind, and the error says so."""
    returned(destroy)
    if isinstance(destroy, Refused):
        assert destroy.errno == errno.ETIMEDOUT, destroy


@of(named("killed", "stopped", "unmanaged"))
def test_pings_are_answered_in_time(seen):
    trips = [ping.value for ping in seen.pings]
    # promised: within one period, or two of a device that fails to come; and a busy machine
    assert median(trips) < 5 * PERIOD / RATE, trips


@of(named("killed", "stopped", "unmanaged"))
def test_nothing_spins(seen):
    assert seen.cpu < 0.2, f"the process takes {seen.cpu:.0%} of a core"
    # a spinner may get little of a busy machine; one turn a period is what it needs
    assert seen.cycles_a_second < 10 * RATE / PERIOD


@of(named("killed"))
def test_a_dead_server_is_a_lost_device_by_one_event(seen):
    assert [kind for kind, *_ in seen.events].count("EVENT_LOST") == 1, (seen.state, seen.events)
    assert seen.events[-1][1] == seen.state == "LOST"


@of(named("returned"))
def test_a_restarted_server_is_taken_again(seen):
    kinds = [kind for kind, *_ in seen.events]
    assert (kinds.count("EVENT_LOST"), kinds[-1]) == (1, "EVENT_RETURNED"), seen.events
    assert seen.state == "RUNNING"
    ended(seen.destroy)


@of([*named("stopped", "unmanaged"), "jack-killed"])
def test_a_silent_server_is_told_of(seen):
    assert [state for _, state, *_ in seen.events].count("STALLED") == 1, seen.events


@of(named("killed", "stopped", "unmanaged"))
def test_stop_returns(seen):
    returned(seen.stop)


@of(named("killed", "stopped", "unmanaged"))
def test_destroy_returns_after_stop(seen):
    assert seen.destroy is not None, f"not reached: {seen.stop}"
    ended(seen.destroy)


@of(named("destroyed_running", "destroyed_prepared"))
def test_destroy_returns_while_the_server_is_stopped(seen):
    ended(seen.destroy)


@of(named("destroyed_running", "destroyed_prepared"))
def test_what_was_left_behind_frees_itself_when_the_server_goes_on(seen):
    assert not isinstance(seen.destroy, Stuck), seen.destroy
    assert seen.held_after == seen.held_before


@of(named("started_stopped"))
def test_start_returns_while_the_server_is_stopped(seen):
    returned(seen.start)


@of(named("created_stopped"))
def test_create_returns_while_the_server_is_stopped(seen):
    returned(seen.create)


@of(named("started_stopped", "late_stopped"))
def test_pings_are_answered_when_a_start_gets_no_answer(seen):
    for ping in seen.pings:
        assert not isinstance(ping, Refused), ping


@of(named("late"))
def test_lost_time_is_told_of(seen):
    assert seen.lost > 0.1 * RATE, (seen.lost, seen.state, seen.events)


@of(named("started_killed"))
def test_a_start_on_a_dead_server_is_refused_or_declared(seen):
    declared = {state for _, state, *_ in seen.events} & {"STALLED", "LOST"}
    assert isinstance(seen.start, Refused) or declared, f"start succeeded, state {seen.state}"


@of(named("started_killed"))
def test_what_could_not_start_answers_and_ends(seen):
    assert seen.pings[0].value < 2
    ended(seen.destroy)


def test_it_plays_on_when_the_server_does(server, player):
    player(playing(server))
    server.stop_it()
    # for longer than the buffers last, which makes it a fault
    player("time.sleep(0.5)")
    frame = player("engine.ping(2).frame").value
    server.cont()
    player("time.sleep(0.5)")
    moved = player("engine.ping(2).frame").value - frame
    assert moved > 0.2 * RATE, player("events()")
    assert player("engine.state.name").value == "RUNNING"
    assert player("engine.stop()").took < RETURNED
    assert player("engine.close()").took < RETURNED


def test_a_new_engine_plays_on_the_restarted_server(server, player):
    player(playing(server))
    server.kill()
    player("engine.close()")
    server.restart()
    player(playing(server))
    frame = player("engine.ping(2).frame").value
    player("time.sleep(0.3)")
    assert player("engine.ping(2).frame").value > frame
