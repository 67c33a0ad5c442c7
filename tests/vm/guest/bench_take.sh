# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The longest that a write and fdatasync() take on ext4 while a snapshot is taken,
# with 1, 8 and 64 devices, with nothing else to write, and with 200 MiB. To be
# sourced after lib.sh and snapshot.sh.

# shellcheck source=bench.sh
. /test/bench.sh

# The first one is large enough for a file of 200 MiB
FIRST=512 OTHERS=20

# pieces N: /dev/mapper/p0 ..., one after the other, on ORIGIN, all mounted
pieces() {
	local n start=0 sectors
	for ((n = 0; n < $1; n++)); do
		sectors=$(((n ? OTHERS : FIRST) * 2048))
		dmsetup create "p$n" --table "0 $sectors linear $ORIGIN $start"
		start=$((start + sectors))
		mkfs_mount ext4 "/dev/mapper/p$n" "/mnt/p$n"
	done
}

no_pieces() {
	local n
	for ((n = 0; n < $1; n++)); do
		umount "/mnt/p$n"
		dmsetup remove "p$n"
	done
}

# The slowest write and the slowest fdatasync() may have been different ones
worst_us() {
	jq '.jobs[0] | (.write.clat_ns.max + .sync.lat_ns.max) / 1000 | floor' \
		/tmp/writer.json
}

# one_take DEVICES DIRTY ROUND: DIRTY in MiB; a negative one takes no snapshot
one_take() {
	local writer begin took=0 n devices=()
	for ((n = 0; n < $1; n++)); do devices+=("/dev/mapper/p$n"); done
	# To be interrupted is a failure to it
	fio_json writer /mnt/p0/journal --rw=randwrite --bs=4k --ioengine=psync \
		--direct=0 --fdatasync=1 --size=4m --time_based --runtime=600 || true &
	writer=$!
	sleep 3
	[ "$2" -le 0 ] || dd if=/dev/zero of=/mnt/p0/dirty bs=1M count="$2" status=none
	begin=$(date +%s%N)
	if [ "$2" -ge 0 ]; then
		create "$STORE" - - "${devices[@]}"
		took=$((($(date +%s%N) - begin) / 1000))
	fi
	sleep 3
	pkill -INT -f 'fio --name=writer'
	wait "$writer"
	echo "RESULT take devices$1 $3 dirty$2 worst_us=$(worst_us) take_us=$took" \
		"$([ "$2" -lt 0 ] || stopped)"
	[ "$2" -lt 0 ] || release
	rm -f /mnt/p0/dirty
	sync
}

# stopped: how long writers were frozen, and requests parked
stopped() {
	echo "pause_us=$(($(status pause_ns) / 1000))" \
		"gate_us=$(($(status gate_ns) / 1000))"
}

# bench ROUNDS
bench() {
	local devices dirty n
	# Nothing is written out before its time
	echo 80 >/proc/sys/vm/dirty_ratio
	echo 60 >/proc/sys/vm/dirty_background_ratio
	for devices in 1 8 64; do
		pieces $devices
		for ((n = 1; n <= $1; n++)); do
			for dirty in -1 0 200; do one_take $devices $dirty "$n"; done
		done
		no_pieces $devices
	done
}
