# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What blksnap costs those who have no snapshot: with no device tracked (raw), with
# another one (loaded), and with this one (attached). To be sourced after lib.sh and
# snapshot.sh.
#
#   N1   random writes of 4 KiB into a disk of null_blk, one at a time
#   V1   the same into the virtio disk
#   V16  16 at a time

# shellcheck source=bench.sh
. /test/bench.sh

# idle NAME TARGET OPTIONS...: the same blocks in each run
idle() {
	local name=$1 target=$2
	shift 2
	measure "$name" "$target" write --rw=randwrite --bs=4k --size=512m \
		--time_based --runtime=4 "$@"
}

# The disk that STORE is for "loaded" is never written to
idle_round() {
	CONTENDER=$1 ROUND=$2
	ORIGIN=/dev/fast
	"setup_$1"
	idle N1 "$ORIGIN" --ioengine=psync
	"teardown_$1"
	ORIGIN=/dev/vda
	"setup_$1"
	idle V1 "$ORIGIN" --ioengine=psync
	idle V16 "$ORIGIN" --iodepth=16
	"teardown_$1"
}

# bench ROUNDS
bench() {
	local contender n
	modprobe null_blk nr_devices=0
	null_disk fast memory_backed=0 size=1024
	for ((n = 1; n <= $1; n++)); do
		for contender in raw loaded attached; do
			idle_round $contender "$n"
		done
	done
	rmdir /sys/kernel/config/nullb/fast
}
