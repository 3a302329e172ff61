-- SPDX-License-Identifier: MIT
bluez_monitor.enabled = false
