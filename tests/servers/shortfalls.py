# SPDX-License-Identifier: MIT
"""What the engine is known not to do yet: test, and what is seen instead.

Such a test fails today, and fails the run on the day it passes: then its entry goes.
"""

#: By the name of the test with its parameter.
KNOWN = {
    "test_pings_are_answered_when_a_start_gets_no_answer[pulseaudio-started_stopped]":
        "snd_pcm_prepare waits in the audio thread while the server does not answer: "
        "engine_start returns -ETIMEDOUT after 2 s, and so does engine_destroy",
    "test_pings_are_answered_when_a_start_gets_no_answer[pulseaudio-late_stopped]":
        "snd_pcm_drop, called by restart() in rt/recover.c, waits in the audio thread while the "
        "server does not answer: state XRUN, no event, engine_destroy returns -ETIMEDOUT",
    "test_create_returns_while_the_server_is_stopped[pulseaudio-created_stopped]":
        "snd_pcm_open waits for 30 s, then engine_create returns -ECONNREFUSED",
    "test_create_returns_while_the_server_is_stopped[jack-created_stopped]":
        "snd_pcm_open waits in jack_client_open without limit",
    **{f"test_lost_time_is_told_of[{server}-late]":
       "the plugin's pointer stands still meanwhile: 0 frames lost, capture without a gap; only "
       "pulseaudio reports an xrun at all"
       for server in ("pipewire", "pulseaudio", "jack")},
}
