# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Commands of the module with one thing after the other failing in the kernel while
# it is at work: every request for memory, every copy of its arguments. To be sourced
# after lib.sh. The kernel shows a trace of some who get no memory: "expect-log" has to
# tell of it; what is a complaint has another line, too.

# each STEP...: of rawctl, one of them as nth:STEP
each() {
	say "$*"
	rawctl "$@"
}

# Also what may sleep, and single pages; and do not tell of each
for kind in failslab fail_page_alloc fail_usercopy; do
	cd /sys/kernel/debug/$kind || fail "the kernel has no $kind"
	echo 0 >verbose
	[ ! -e ignore-gfp-wait ] || echo N >ignore-gfp-wait
	[ ! -e min-order ] || echo 0 >min-order
done
cd /

# fail_below FROM TO: only what is called from these addresses
fail_below() {
	for kind in failslab fail_page_alloc fail_usercopy; do
		echo "$1" >/sys/kernel/debug/$kind/require-start
		echo "$2" >/sys/kernel/debug/$kind/require-end
		echo 32 >/sys/kernel/debug/$kind/stacktrace-depth
	done
}
