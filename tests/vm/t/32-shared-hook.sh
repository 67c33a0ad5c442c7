# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Others who are at the function that the module hooks: those who redirect it as
# well, and those who only trace it.
#
# disks: 32M 64M
# timeout: 600

. /test/lib.sh
. /test/snapshot.sh

tracing=/sys/kernel/tracing

# refused WORDS: neither is attached nor a snapshot made
refused() {
	rawctl attach:/dev/vda=EBUSY create add:/dev/vda=EBUSY destroy clean
	check_fails "/dev/vda: .*$1" blksnapctl attach /dev/vda
	check_fails "/dev/vda: .*$1" blksnapctl create --storage /dev/vdb /dev/vda
	rawctl clean
	# Its storage is watched as well
	lsmod | grep -q '^blksnap .* 0 *$' || fail "somebody still uses it"
}

# holds COMMAND: the image is right under load, while COMMAND is run
holds() {
	local first
	create /dev/vdb - - /dev/vda
	first=$(digest /dev/blksnap0)
	scribble /dev/vda 2 65536 2 $((8 << 20)) &
	"$@"
	wait %% || fail "a write failed"
	same "image" "$(digest /dev/blksnap0)" "$first"
	is_between "copied" 1 "$(status 'members[0].copied')" $((8 << 20))
	[ "$(digest /dev/vda)" != "$first" ] || fail "nothing changed"
	is_taken
	release
}

tracers_on() {
	echo 'p:blksnap_test submit_bio_noacct' >$tracing/kprobe_events
	echo 'r:blksnap_test_ret submit_bio_noacct' >>$tracing/kprobe_events
	echo 1 >$tracing/events/kprobes/enable
	echo submit_bio_noacct >$tracing/set_ftrace_filter
	echo function >$tracing/current_tracer
}

tracers_off() {
	echo nop >$tracing/current_tracer
	echo >$tracing/set_ftrace_filter
	echo 0 >$tracing/events/kprobes/enable
	echo >$tracing/kprobe_events
}

# come_and_go: tracers, while there is load
come_and_go() {
	for _ in 1 2 3; do
		tracers_on
		sleep 0.2
		tracers_off
	done
}

# Some kernels say EBUSY, some shells something else
switched_off() {
	check_fails 'echo: ' sh -c 'echo 0 >/proc/sys/kernel/ftrace_enabled'
	same "ftrace_enabled" "$(cat /proc/sys/kernel/ftrace_enabled)" 1
}

load_module
random 8 /dev/vda

say "somebody redirects it: refused"
insmod /test/redirect.ko
refused 'something else redirects the same kernel function'
rmmod redirect
holds true

say "the other way round"
blksnapctl attach /dev/vda
check_fails 'busy' insmod /test/redirect.ko
holds true
blksnapctl detach /dev/vda
insmod /test/redirect.ko
rmmod redirect

say "ftrace switched off: not while it is needed"
blksnapctl attach /dev/vda
holds switched_off
blksnapctl detach /dev/vda
say "ftrace is off already: refused"
if sh -c "echo 0 >/proc/sys/kernel/ftrace_enabled" 2>/dev/null; then
	refused 'ftrace'
	echo 1 >/proc/sys/kernel/ftrace_enabled
	holds true
else
	# Some cannot switch it off any more, with or without us
	rawctl clean
	kernel_at_least 6.13 || fail "ftrace cannot be switched off"
fi

say "kprobes and the function tracer, before"
tracers_on
holds true
[ "$(grep -c submit_bio_noacct $tracing/trace)" -gt 10 ] || fail "nothing was traced"
tracers_off

say "and while there is a snapshot"
holds come_and_go

rawctl clean
unload_module
