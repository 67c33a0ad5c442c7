# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The demonstration: a snapshot of a file system that is in full use, and all
# that is claimed of it, checked. To be sourced after lib.sh by t/demo.sh, and
# by a test that does the same with less.
#
# demo_disk MIB MIB            two partitions of so many MiB
# demo TYPE DEVICE STORAGE DIR...
#                              the whole of it on one partition: STORAGE is
#                              what the storage may take, DIRs are those below
#                              /usr of the payload that it is filled with

RUN=/run/demo
ORIGIN=/mnt/origin
IMAGE=/mnt/image
COPY=/mnt/copy
SPARE=/dev/vdb
WRITERS=3

tell() {
	printf '[%3d s] %s\n' $((SECONDS - STARTED)) "$*"
	echo "blksnap-vm: $*" >/dev/kmsg
}

more() { printf '        %s\n' "$*"; }

mib() { awk -v n="$1" 'BEGIN { printf "%.1f MiB", n / 1048576 }'; }
ms() { awk -v n="$1" 'BEGIN { printf "%.1f ms", n / 1e6 }'; }

# available DIR: bytes of free space
available() { df --output=avail -B 1 "$1" | tail -n 1; }

has_available() { [ "$(available $ORIGIN)" -ge "$1" ]; }

# written DEVICE: bytes written to it since the machine started
written() { awk '{ print $7 * 512 }' "/sys/class/block/${1##*/}/stat"; }

# look: what is known of the snapshot goes into STATUS
look() {
	STATUS=$(blksnapctl status --json "$ID")
	same "state" "$(known state '"[a-z]*"')" '"taken"'
}

# known FIELD [VALUE]: a field of the STATUS, whose value is a number, or like
# the regular expression VALUE. (jq would be slow to start.)
known() {
	[[ $STATUS =~ \"$1\":\ (${2:-[0-9]+}) ]] || fail "status has no $1"
	echo "${BASH_REMATCH[1]}"
}

demo_disk() {
	sfdisk -q /dev/vda <<-END
		label: gpt
		size=${1}MiB
		size=${2}MiB
	END
	wait_for 10 test -b /dev/vda2
}

# What a tree is: the attributes of all there is, and what files hold
manifest() {
	(
		cd "$1" || exit
		find . -printf '%y %m %U:%G %n %s %T@ %p %l\n' | LC_ALL=C sort
		find . -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum
	)
}

# The checker of a file system that changes nothing
check_fs() {
	case $1 in
	ext4) e2fsck -fn "$2" ;;
	xfs) xfs_repair -n "$2" ;;
	esac >"$RUN/fsck" 2>&1 || {
		cat "$RUN/fsck"
		fail "the file system on $2 is damaged"
	}
}

#
# Writers
#

# fio writes its file in a random order and reads it back, over and over
fio_writer() {
	local n=0
	while [ ! -e $RUN/stop ]; do
		n=$((n + 1))
		fio --name=demo --filename=$ORIGIN/fio --size=8M --bs=4k \
			--rw=randwrite --direct=1 --ioengine=libaio --iodepth=8 \
			--rate_iops=400 --randseed=$n --verify=crc32c \
			--do_verify=1 --verify_fatal=1 >$RUN/fio.log 2>&1 || {
			cat $RUN/fio.log
			return 1
		}
		echo $n >$RUN/fio.rounds
	done
}

start_writers() {
	local n
	PIDS=()
	fio_writer &
	FIO=$!
	for ((n = 1; n <= WRITERS; n++)); do
		mkdir -p "$ORIGIN/churn/$n"
		churn run "$ORIGIN/churn/$n" "$RUN/churn.$n" &
		PIDS+=($!)
	done
}

# Checks are worth something only while there are writers
writers_run() {
	local pid
	for pid in "$FIO" "${PIDS[@]}"; do
		kill -0 "$pid" || fail "a writer ended too early"
	done
}

# Each writer ends by reading all its files back
stop_writers() {
	local pid
	touch $RUN/stop
	kill "${PIDS[@]}"
	for pid in "$FIO" "${PIDS[@]}"; do
		wait "$pid" || fail "a writer did not find what it had written"
	done
	rm $RUN/stop
}

# If the test fails in between
end_jobs() {
	local pid
	for pid in $(jobs -p); do
		kill "$pid" || true
	done
}

operations() { churn count $RUN/churn.*; }

#
# Steps
#

fill() {
	local type=$1 device=$2
	shift 2
	mkfs_mount "$type" "$device" $ORIGIN
	mkdir $ORIGIN/tree
	(cd /mnt/payload/usr && cp -a "$@" $ORIGIN/tree)
	manifest $ORIGIN/tree >$RUN/manifest
	tell "Made an $type file system on $device. In it is a part of a Debian" \
		"system: $(find $ORIGIN/tree -type f | wc -l) files," \
		"$(du -sm --apparent-size $ORIGIN/tree | cut -f1) MiB. The checksum" \
		"of each file is noted."
}

take() {
	local device=$1 storage=$2 begin out free
	start_writers
	sleep 5
	writers_run
	tell "Writers are at work on it: fio, which writes its file at random" \
		"places and reads it back, and $WRITERS programs that create," \
		"overwrite, rename, truncate, delete, sync and read back files:" \
		"$(operations) operations up to now."
	sync -f $ORIGIN
	free=$(available $ORIGIN)
	tell "Taking the snapshot. The storage for old data is a directory of the" \
		"very same file system."
	begin=${EPOCHREALTIME/./}
	more "# blksnapctl create --storage $ORIGIN --reserve $storage $device"
	out=$(blksnapctl create --storage $ORIGIN --reserve "$storage" "$device")
	begin=$(((${EPOCHREALTIME/./} - begin) / 1000))
	writers_run
	ID=$(head -n 1 <<<"$out")
	# shellcheck disable=SC2001
	sed 's/^/        /' <<<"$out"
	DEVICE=/dev/$(basename "$(awk 'NR == 2 { print $2 }' <<<"$out")")
	BEFORE=$(written "$device")
	look
	TAKEN=$(known taken_ns)
	RESERVED=$(known storage_reserved)
	same "frozen" "$(known frozen '[a-z]+')" true
	tell "That took $begin ms. Of these, the cut stopped writers for" \
		"$(ms "$(known pause_ns)"), which is mostly the file system's" \
		"freezing; for $(ms "$(known gate_ns)") of it requests were parked."
	more "$(mib $((free - $(available $ORIGIN)))) less of the file system are" \
		"free: the storage, without a name and at its full size."
}

# All files of the origin's tree are changed in some way while the image is
# looked at
start_spoiling() {
	churn spoil $ORIGIN/tree >$RUN/spoiled &
	SPOIL=$!
}

mount_image() {
	local options=ro
	# The log of a frozen XFS has a last entry for the case of a crash, which
	# cannot be replayed on a device that is read-only
	[ "$1" = ext4 ] || options=ro,nouuid,norecovery
	mkdir -p $IMAGE
	mount -t "$1" -o $options "$DEVICE" $IMAGE
	tell "Mounted the image: mount -o $options $DEVICE"
}

compare_tree() {
	manifest $IMAGE/tree >$RUN/manifest.image
	cmp $RUN/manifest $RUN/manifest.image ||
		fail "the tree in the image is not what it was"
	writers_run
	tell "All files in the image are what they were: names, attributes," \
		"checksums. ($(wc -l <$RUN/manifest) lines compared.)"
}

compare_churn() {
	local n out f o w files=0 ops=0 worst=0
	for ((n = 1; n <= WRITERS; n++)); do
		out=$(churn check $IMAGE/churn/$n $RUN/churn.$n "$TAKEN") ||
			fail "the image does not show the instant of the cut"
		read -r f _ o _ w _ <<<"$out"
		files=$((files + f))
		ops=$((ops + o))
		[ "$worst" -gt "$w" ] || worst=$w
	done
	[ $ops -gt 100 ] || fail "the writers have hardly done anything"
	tell "The $files files of the $WRITERS programs are what they were at the" \
		"cut: of $ops operations that had ended nothing is missing, and" \
		"nothing that began later is there. The operation that the cut" \
		"stopped for longest took $worst ms."
	# The same check must notice that an instant is not the one of the image
	check_fails 'differs' churn check $IMAGE/churn/1 $RUN/churn.1 \
		$((TAKEN - 3000000000))
	more "(For 3 s before the cut, the same check finds differences, as it" \
		"should.)"
}

# The image has files that were in use without a name at the cut: the storage
# is one. A file system removes them when it is mounted for writing. So that is
# done first, with changes going to memory.
check_image() {
	umount $IMAGE
	local options=rw view=/dev/mapper/view cow
	[ "$1" = ext4 ] || options=rw,nouuid
	truncate -s 64M $RUN/changes
	modprobe loop
	cow=$(losetup -f --show $RUN/changes)
	dmsetup create view --table \
		"0 $(blockdev --getsz "$DEVICE") snapshot $DEVICE $cow N 8"
	mkdir -p $COPY
	mount -t "$1" -o $options $view $COPY
	umount $COPY
	check_fs "$1" $view
	dmsetup remove view
	losetup -d "$cow"
	rm $RUN/changes
	writers_run
	tell "The image is clean: $(fsck_command "$1" $view)"
	more "The view is the image, with changes kept in memory. It was mounted" \
		"once for writing before the check: this removes files that were" \
		"deleted but open at the cut. The storage is one of them."
}

fsck_command() {
	case $1 in
	ext4) echo "e2fsck -fn $2" ;;
	xfs) echo "xfs_repair -n $2" ;;
	esac
}

copy_image() {
	local begin=$SECONDS
	SIZE=$(($(blockdev --getsize64 "$DEVICE") / 1048576))
	dd if="$DEVICE" of=$SPARE bs=1M iflag=direct conv=fsync status=none
	tell "Copied the whole image to another disk, like a backup: $SIZE MiB in" \
		"$((SECONDS - begin)) s, with the writers still at work."
}

spoiled() {
	wait "$SPOIL" || fail "cannot change files"
	manifest $ORIGIN/tree >$RUN/manifest.origin 2>/dev/null || true
	! cmp -s $RUN/manifest $RUN/manifest.origin ||
		fail "the origin has not changed"
	tell "Meanwhile each of the $(cat $RUN/spoiled) files of the origin has" \
		"been overwritten, truncated, renamed, deleted or changed in its" \
		"mode, and the writers are at $(operations) operations."
}

compare_again() {
	sync -f $ORIGIN
	same "checksum of the image" "$(digest "$DEVICE")" \
		"$(digest $SPARE "$SIZE")"
	writers_run
	tell "Read the whole image a second time: its checksum is that of the copy."
}

show_costs() {
	local device=$1 total stored
	look
	stored=$(known stored)
	total=$(($(written "$device") - BEFORE - stored))
	tell "Since the cut, writers have written $(mib "$total") to $device." \
		"Copied were $(mib "$(known copied)") of old data, and" \
		"$(mib "$stored") are stored. $(known held) requests had to wait" \
		"for old data to be read."
	blksnapctl status "$ID" | sed 's/^/        /'
}

release() {
	local free
	free=$(available $ORIGIN)
	more "# blksnapctl release $ID"
	blksnapctl release "$ID"
	[ ! -e "$DEVICE" ] || fail "$DEVICE is still there"
	! blksnapctl list | grep "$ID" || fail "the snapshot is still there"
	# Writers take and give some of it at the same time
	wait_for 20 has_available $((free + RESERVED * 9 / 10))
	writers_run
	tell "Released the snapshot. The storage's space is free again:" \
		"$(mib $(($(available $ORIGIN) - free))) more than before."
}

check_origin() {
	stop_writers
	tell "Stopped the writers after $(operations) operations and" \
		"$(cat $RUN/fio.rounds) rounds of fio: none of them ever read" \
		"anything else than it had written."
	umount $ORIGIN
	check_fs "$1" "$2"
	tell "The origin is clean: $(fsck_command "$1" "$2")"
}

# What one does with a backup: mount it for writing, and use it
restore_copy() {
	mkdir -p $COPY
	mount -t "$1" $SPARE $COPY
	manifest $COPY/tree | cmp - $RUN/manifest ||
		fail "the tree in the copy is not what it was"
	umount $COPY
	check_fs "$1" $SPARE
	tell "Mounted the copy for writing, as after a restore: all files of the" \
		"tree are what they were, and it is clean."
}

demo() {
	local type=$1 device=$2 storage=$3
	shift 3
	STARTED=$SECONDS
	trap end_jobs EXIT
	mkdir -p $RUN
	fill "$type" "$device" "$@"
	take "$device" "$storage"
	start_spoiling
	mount_image "$type"
	compare_tree
	compare_churn
	check_image "$type"
	copy_image
	spoiled
	compare_again
	show_costs "$device"
	release
	check_origin "$type" "$device"
	restore_copy "$type"
	rm -r $RUN
}
