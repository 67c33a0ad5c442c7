# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# How many instructions a write takes, fio's own among them, in a machine whose
# clock is their number: with -icount shift=0 each takes one ns. On one processor and
# disks of null_blk nothing is waited for, so time is work. Random writes of 4 KiB, by
# the contenders of bench.sh:
#
#   write    16 at a time, for the first time
#   again    the same blocks
#   single   the same blocks, one at a time
#
# To be sourced after lib.sh and snapshot.sh.

# shellcheck source=bench.sh
. /test/bench.sh

# instructions WORKLOAD OPTIONS...: of one write, as a result of $CONTENDER
instructions() {
	local workload=$1 each
	shift
	fio_json count "$TARGET" --rw=randwrite --bs=4k --size=256m --io_size=128m "$@"
	each=$(jq '.jobs[0].write | 1e9 / .iops | round' /tmp/count.json)
	wait_for 60 settled
	echo "RESULT instructions $CONTENDER $ROUND $workload instructions=$each"
}

# compare NAME: sets up, counts, takes down
compare() {
	CONTENDER=$1
	setup "$1"
	instructions write --iodepth=16
	instructions again --iodepth=16
	instructions single --ioengine=psync
	teardown "$1"
}

# count_disks: what is written, and the storage
count_disks() {
	modprobe null_blk nr_devices=0
	null_disk fast memory_backed=0 size=1024
	null_disk store memory_backed=0 size=1024
	ORIGIN=/dev/fast STORE=/dev/store
	echo 4 >/sys/module/blksnap/parameters/copy_kib
}

no_count_disks() { rmdir /sys/kernel/config/nullb/{fast,store}; }

# bench ROUNDS WORKLOADS CONTENDERS: of the latter those of device mapper
bench() {
	local name
	count_disks
	# fio's first run has to find its way into memory
	CONTENDER=raw ROUND=0 TARGET=$ORIGIN instructions write >/dev/null
	for ((ROUND = 1; ROUND <= $1; ROUND++)); do
		for name in raw loaded attached blksnap $(tr ' ' '\n' <<<"$3" | sed -n '/^dm/p'); do
			compare "$name"
		done
	done
	no_count_disks
}
