# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What is measured in the profiles A, B and C. To be sourced after lib.sh and
# snapshot.sh.
#
#   W1    first touch, random 4 KiB, 16 at a time; W1p from 8 threads, one each
#   W2    the same blocks again
#   W3    first touch, sequential 1 MiB, 4 at a time
#   W4    first touch, random 64 KiB, 8 at a time
#   W5    the image is read after W1, sequential 1 MiB, 4 at a time
#   W6    W1 while the image is read as in W5; W6r is the reader
#   Q1    W1, one at a time; Q1r reads of the image, likewise
#   M1    70 % random reads, 30 % first-touch writes of 4 KiB, 16 at a time
#   F1    ext4: 4 KiB into a file and fsync, one at a time
#   R1 R4 the image, untouched: sequential as in W5; random 4 KiB, 16 at a time
#   P1 P4 the same of what is preserved
#   D1    a discard of what W3 writes

# shellcheck source=bench.sh
. /test/bench.sh

# What is done in one profile; sizes in MiB
sizes() {
	case $PROFILE in
	C) RANDOM_SIZE=4 RANDOM_SPAN=64 LARGE=16 MIDDLE=16 READ=64 EACH=1 ;;
	*) RANDOM_SIZE=64 RANDOM_SPAN=1024 LARGE=512 MIDDLE=256 READ=1024 EACH=8 ;;
	esac
}

random_4k=(--rw=randwrite --bs=4k --iodepth=16)
read_all=(--rw=read --bs=1m --iodepth=4)

w1() {
	measure "$1" "$TARGET" write "${random_4k[@]}" \
		--size="${RANDOM_SPAN}m" --io_size="${RANDOM_SIZE}m"
}

# Eight threads, each in 128 MiB of its own
w1p() {
	measure W1p "$TARGET" write --rw=randwrite --bs=4k --iodepth=1 --thread \
		--numjobs=8 --size=$((EACH * 16))m --io_size="${EACH}m" \
		--offset_increment=128m
}

w3() {
	measure W3 "$TARGET" write --rw=write --bs=1m --iodepth=4 --size="${LARGE}m"
}

w4() {
	measure W4 "$TARGET" write --rw=randwrite --bs=64k --iodepth=8 \
		--size="${MIDDLE}m"
}

w5() { measure W5 "$IMAGE" read "${read_all[@]}" --size="${READ}m"; }

# Writers while somebody reads the image
w6() {
	local reader
	fio_json reader "$IMAGE" "${read_all[@]}" --size="${READ}m" \
		--time_based --runtime=600 || true &
	reader=$!
	sleep 2
	w1 W6
	# It tells what it has done so far, and that it has failed
	pkill -INT -f 'fio --name=reader'
	wait "$reader"
	echo "RESULT $PROFILE $CONTENDER $ROUND W6r $(figures reader read)"
}

# A quarter of W1: one at a time takes its time
q1() {
	measure Q1 "$TARGET" write --rw=randwrite --bs=4k --iodepth=1 \
		--size="${RANDOM_SPAN}m" --io_size=$((RANDOM_SIZE / 4))m
	measure Q1r "$IMAGE" read --rw=randread --bs=4k --iodepth=1 \
		--size="${RANDOM_SPAN}m" --io_size=$((RANDOM_SIZE / 4))m
}

m1() {
	measure M1 "$TARGET" write --rw=randrw --rwmixread=70 --bs=4k --iodepth=16 \
		--size="${RANDOM_SPAN}m" --io_size="${RANDOM_SIZE}m"
}

# The file is there when the snapshot is taken
f1() {
	local contender=$1
	mkfs_mount ext4 "$ORIGIN" /mnt/o
	head -c "${RANDOM_SIZE}M" /dev/urandom >/mnt/o/file
	umount /mnt/o
	setup "$contender"
	mount "$TARGET" /mnt/o
	measure F1 /mnt/o/file write --rw=randwrite --bs=4k --ioengine=psync \
		--direct=0 --fsync=1 --size="${RANDOM_SIZE}m" --io_size="${EACH}m"
	umount /mnt/o
	teardown "$contender"
}

# read_image SEQUENTIAL RANDOM MIB: from its beginning
read_image() {
	measure "$1" "$IMAGE" read "${read_all[@]}" --size="${3}m"
	measure "$2" "$IMAGE" read --rw=randread --bs=4k --iodepth=16 \
		--size="${3}m" --io_size="${RANDOM_SIZE}m"
}

# What has been discarded since, the host is slow to read for the first time
r1() {
	dd if="$ORIGIN" of=/dev/null bs=1M count="$LARGE" iflag=direct status=none
	read_image R1 R4 "$LARGE"
}

p1() {
	measure PW "$TARGET" write --rw=write --bs=1m --iodepth=4 --size="${LARGE}m"
	read_image P1 P4 "$LARGE"
}

# Not all can do it
d1() {
	local disk
	disk=$(stat -Lc %Hr:%Lr "$TARGET")
	[ "$(cat "/sys/dev/block/$disk/queue/discard_max_bytes")" != 0 ] || return 0
	measure D1 "$TARGET" trim --rw=trim --bs=1m --iodepth=1 --ioengine=psync \
		--size="${LARGE}m"
}

# once WORKLOAD: by $CONTENDER
once() {
	# A thin volume is not where the file system is
	case $1/$CONTENDER in
	F1/thin) return ;;
	F1/*) f1 "$CONTENDER"; return ;;
	esac
	setup "$CONTENDER"
	case $1 in
	W1)
		w1 W1
		w1 W2
		w5
		;;
	*) "${1,}" ;;
	esac
	teardown "$CONTENDER"
}

# What is compared is measured at nearly the same time: the machine under the emulator
# may have others to serve, and its speed change.
# bench ROUNDS WORKLOADS CONTENDERS
bench() {
	local workload
	sizes
	for ((ROUND = 1; ROUND <= $1; ROUND++)); do
		for workload in $2; do
			say "round $ROUND, $workload"
			for CONTENDER in $3; do once "$workload"; done
		done
	done
}
