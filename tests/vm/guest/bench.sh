# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Who is measured, and how: contenders, and one run of fio with what it cost. To be
# sourced after lib.sh and snapshot.sh.
#
# A contender sets up /dev/vda as $TARGET, what is written, with a snapshot of it as
# $IMAGE, whose old data goes to /dev/vdb:
#
#   raw              no snapshot; the image is the device itself
#   loaded           another device is tracked, and this one is not
#   attached         tracked, no snapshot
#   blksnap          a snapshot
#   blksnap4 to      likewise, with a copy unit of so many KiB that stays as it is
#   blksnap512
#   dmP4 to dmP256   dm-snapshot, persistent, with chunks of so many KiB
#   dmN4 to dmN256   likewise, transient
#   thin             dm-thin with blocks of 64 KiB; its volume, of 1 GiB, has to
#                    be one from the beginning, and new data goes elsewhere
#
# Each measurement is one line, "RESULT PROFILE CONTENDER ROUND WORKLOAD NAME=VALUE
# ...": what fio says, and by how much the counters of both devices went up.

ORIGIN=/dev/vda STORE=/dev/vdb

sectors_of() { blockdev --getsz "$1"; }

# numbers DEVICE: as the kernel's trace names it
numbers() { stat -Lc %Hr,%Lr "$1"; }

# shellcheck disable=SC2034
setup_raw() { TARGET=$ORIGIN IMAGE=$ORIGIN; }
teardown_raw() { :; }

setup_loaded() { setup_raw; blksnapctl attach $STORE; }
teardown_loaded() { blksnapctl detach $STORE; }

setup_attached() { setup_raw; blksnapctl attach $ORIGIN; }
teardown_attached() { blksnapctl detach $ORIGIN; }

setup_blksnap() {
	create $STORE - - $ORIGIN
	TARGET=$ORIGIN IMAGE=$(images)
}

# setup_fixed KIB
setup_fixed() {
	echo "$1" >/sys/module/blksnap/parameters/copy_kib
	setup_blksnap
	echo 0 >/sys/module/blksnap/parameters/copy_kib
}

# setup_dm P|N KIB
setup_dm() {
	local sectors
	sectors=$(sectors_of $ORIGIN)
	# A header of an earlier one would be believed
	dd if=/dev/zero of=$STORE bs=64k count=1 oflag=direct status=none
	dmsetup create image --table \
		"0 $sectors snapshot $ORIGIN $STORE $1 $(($2 * 2))"
	dmsetup create target --table "0 $sectors snapshot-origin $ORIGIN"
	TARGET=/dev/mapper/target IMAGE=/dev/mapper/image
}

teardown_dm() {
	dmsetup remove target
	dmsetup remove image
}

# The metadata is on the storage's disk
# shellcheck disable=SC2034
setup_thin() {
	local pool=/dev/mapper/pool
	dd if=/dev/zero of=$STORE bs=64k count=1 oflag=direct status=none
	dmsetup create meta --table "0 131072 linear $STORE 0"
	dmsetup create pool --table "0 $(sectors_of $ORIGIN) thin-pool \
		/dev/mapper/meta $ORIGIN 128 0 1 skip_block_zeroing"
	dmsetup message pool 0 "create_thin 0"
	dmsetup create target --table "0 2097152 thin $pool 0"
	TARGET=/dev/mapper/target IMAGE=/dev/mapper/image
	dd if=$STORE of=$TARGET bs=1M skip=512 count=1024 iflag=direct \
		oflag=direct status=none
	dmsetup suspend target
	dmsetup message pool 0 "create_snap 1 0"
	dmsetup resume target
	dmsetup create image --table "0 2097152 thin $pool 1"
}

teardown_thin() {
	local name
	for name in image target pool meta; do dmsetup remove $name; done
}

# setup CONTENDER, teardown CONTENDER
setup() {
	case $1 in
	dm[PN]*) setup_dm "${1:2:1}" "${1:3}" ;;
	blksnap[0-9]*) setup_fixed "${1#blksnap}" ;;
	*) "setup_$1" ;;
	esac
}

teardown() {
	case $1 in
	dm*) teardown_dm ;;
	blksnap*) release ;;
	*) "teardown_$1" ;;
	esac
}

# counters DEVICE: I/Os and sectors read, I/Os and sectors written, flushes
counters() { awk '{ print $1, $3, $5, $7, $16 }' "/sys/block/${1##*/}/stat"; }

# busy: how long processors were, in units of 10 ms, without waiting for disks
busy() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat; }

writes() { awk '{ print $5 }' "/sys/block/${1##*/}/stat"; }

# What is in memory still goes to the storage
settled() {
	local before
	before=$(writes $STORE)
	sleep 0.2
	[ "$before" = "$(writes $STORE)" ]
}

# fio_json NAME TARGET OPTIONS...: what fio says, as a file of that name
fio_json() {
	local name=$1 target=$2
	shift 2
	fio --name="$name" --filename="$target" --direct=1 --ioengine=libaio \
		--randseed=4711 --allrandrepeat=1 --output-format=json \
		--group_reporting "$@" | sed -n '/^{/,$p' >"/tmp/$name.json"
}

# figures NAME read|write: of fio's
figures() {
	jq -r ".jobs[0].$2 | \"iops=\\(.iops | floor) bytes_per_s=\\(.bw_bytes)\" +
		\" mean_us=\\(.clat_ns.mean / 1000 | floor)\" +
		\" p99_us=\\((.clat_ns.percentile[\"99.000000\"] // 0) / 1000 | floor)\" +
		\" submit_us=\\(.slat_ns.mean / 100 | floor / 10) ios=\\(.total_ios)\"" \
		"/tmp/$1.json"
}

# differences PREFIX BEFORE AFTER
differences() {
	local names=(reads read_sectors writes written_sectors flushes) n=0
	local -a before after
	read -ra before <<<"$2"
	read -ra after <<<"$3"
	for n in "${!names[@]}"; do
		echo -n " $1_${names[n]}=$((after[n] - before[n]))"
	done
}

# measure WORKLOAD TARGET read|write OPTIONS...
measure() {
	local workload=$1 target=$2 direction=$3 origin store cpu
	shift 3
	origin=$(counters $ORIGIN) store=$(counters $STORE) cpu=$(busy)
	fio_json "$workload" "$target" "$@"
	wait_for 60 settled
	echo "RESULT $PROFILE $CONTENDER $ROUND $workload" \
		"$(figures "$workload" "$direction")" \
		"cpu_ms=$((($(busy) - cpu) * 10))" \
		"$(differences origin "$origin" "$(counters $ORIGIN)")" \
		"$(differences store "$store" "$(counters $STORE)")"
}
