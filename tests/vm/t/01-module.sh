# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The module can be loaded and unloaded, and makes its control node.
#
# timeout: 180

. /test/lib.sh

for round in 1 2 3; do
	say "round $round"
	load_module
	wait_for 5 test -c /dev/blksnap-control
	unload_module
	[ ! -e /dev/blksnap-control ] || fail "the control node is still there"
done
