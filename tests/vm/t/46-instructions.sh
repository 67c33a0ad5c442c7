# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a write costs in instructions, exactly, since the machine's clock is their
# number: where another device is tracked, where this one is, the first write of a
# block under a snapshot, and a later one. Limits are 60 to 120 instructions above the
# most that was measured, and for the first write a tenth.
#
# kernels: 6.1 7.3
# memory: 1G
# timeout: 300
# qemu: -smp 1 -icount shift=0,sleep=off

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/bench_instructions.sh
. /test/bench_instructions.sh

# of CONTENDER WORKLOAD: as counted
of() { sed -n "s/^RESULT instructions $1 1 $2 instructions=//p" /tmp/counted; }

# more_than_raw CONTENDER WORKLOAD LIMIT
more_than_raw() {
	is_between "instructions more for $1, $2" 1 \
		$(($(of "$1" "$2") - $(of raw write))) "$3"
}

load_module
bench 1 '' '' | tee /tmp/counted
more_than_raw loaded write 180
more_than_raw attached write 400
more_than_raw blksnap write 14500
more_than_raw blksnap again 700
unload_module
