-- SPDX-License-Identifier: MIT
-- WirePlumber's own policy, but none of the host's devices and buses.
alsa_monitor.enabled = false
v4l2_monitor.enabled = false
libcamera_monitor.enabled = false
default_access.properties["enable-flatpak-portal"] = false
