# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Do costs grow? The time of a write of 4 KiB by the number of blocks that are
# preserved, and by the number of tracked devices; and the memory that the map of
# preserved blocks takes. On disks of null_blk that take no memory. To be sourced
# after bench.sh.

# shellcheck source=bench.sh
. /test/bench.sh

ORIGIN_MIB=5120 STORE_MIB=6144

# slab_kib: of memory for the kernel's objects, without those that it can do without.
# (What is free goes up and down by 20 MiB by itself.)
slab_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^Slab/ { print $2 }' /proc/meminfo
}

# rewrite NAME MIB: what has been written before
rewrite() {
	measure "$1" "$ORIGIN" write --rw=randwrite --bs=4k --ioengine=psync \
		--norandommap --size="$2" --time_based --runtime=3
}

# preserve PATTERN BLOCKS ROUND: a snapshot that has so many, and what its memory is
preserve() {
	local before options=(--rw=write --bs=64k "--size=$(($2 * 4))k")
	CONTENDER=$1 ROUND=$3
	[ "$1" = sequential ] || options=(--rw=randwrite --bs=4k \
		"--size=${ORIGIN_MIB}m" "--io_size=$(($2 * 4))k")
	create "$STORE" - - "$ORIGIN"
	before=$(slab_kib)
	fio_json preserve "$ORIGIN" --iodepth=16 "${options[@]}"
	wait_for 60 settled
	echo "RESULT curves $1 $3 memory$2 memory_kib=$(($(slab_kib) - before))" \
		"copied_kib=$(($(status 'members[0].copied') / 1024))"
}

# copied PATTERN BLOCKS ROUND: so many are preserved, and then written again
copied() {
	preserve "$@"
	[ "$1" != sequential ] || rewrite "blocks$2" "$(($2 * 4))k"
	release
}

# tracked DEVICES ROUND
tracked() {
	local n devices=()
	for ((n = 0; n < $1; n++)); do devices+=("/dev/many$n"); done
	CONTENDER=tracked ROUND=$2
	blksnapctl attach "${devices[@]}"
	ORIGIN=/dev/many0 rewrite "devices$1" 64m
	blksnapctl detach "${devices[@]}"
}

# bench ROUNDS
bench() {
	local n blocks devices
	modprobe null_blk nr_devices=0
	null_disk fast memory_backed=0 "size=$ORIGIN_MIB"
	null_disk store memory_backed=0 "size=$STORE_MIB"
	echo 4 >/sys/module/blksnap/parameters/copy_kib
	ORIGIN=/dev/fast STORE=/dev/store
	for ((n = 1; n <= $1; n++)); do
		for blocks in 1000 10000 100000 1000000; do
			copied sequential "$blocks" "$n"
		done
		for blocks in 1000 10000 100000; do copied random "$blocks" "$n"; done
	done
	rmdir /sys/kernel/config/nullb/{fast,store}
	STORE=/dev/vdb
	for ((n = 0; n < 256; n++)); do null_disk "many$n" memory_backed=0 size=64; done
	for ((n = 1; n <= $1; n++)); do
		for devices in 1 16 64 256; do tracked "$devices" "$n"; done
	done
}
