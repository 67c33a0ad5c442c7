# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a snapshot takes of the memory, for so much that it has preserved: that its
# map of blocks stays as small as it is.
#
# kernels: 6.1 7.3
# memory: 1G
# timeout: 300

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/bench_curves.sh
. /test/bench_curves.sh

# takes_at_most PATTERN BLOCKS PERMILLE: what an earlier one has left is used again
takes_at_most() {
	local memory copied=$(($2 * 4))
	preserve "$1" "$2" 1
	same "KiB copied" $(($(status 'members[0].copied') / 1024)) $copied
	memory=$(($(slab_kib) - slab))
	say "$memory KiB for $copied"
	is_between "KiB of memory" $((copied / 1000)) $memory $((copied * $3 / 1000))
	release
}

# Used by what is sourced
# shellcheck disable=SC2034
ORIGIN=/dev/fast STORE=/dev/store ORIGIN_MIB=2048
load_module
modprobe null_blk nr_devices=0
null_disk fast memory_backed=0 size=$ORIGIN_MIB
null_disk store memory_backed=0 size=$ORIGIN_MIB
echo 4 >/sys/module/blksnap/parameters/copy_kib

slab=$(slab_kib)
say "written in sequence"
takes_at_most sequential 250000 3

say "written at random"
takes_at_most random 40000 25

rmdir /sys/kernel/config/nullb/{fast,store}
unload_module
