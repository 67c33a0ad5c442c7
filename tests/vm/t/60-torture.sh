# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Chance: which devices are stacked how, by which doors they are written, which
# of them have snapshots, where old data goes, and what goes wrong meanwhile.
# Every image is right, or its snapshot has failed for a reason that was given to
# it; writers never notice. BLKSNAP_SEED repeats the choices of a run, and
# BLKSNAP_MINUTES makes it longer ("make torture").
#
# disks: 8M 8M 160M 160M
# timeout: 500

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

# pick WORD...: one of them, $PICKED; not in a subshell, which has chances of its
# own
pick() {
	shift $((RANDOM % $#))
	PICKED=$1
}

# A topology has W, the volumes for writers, SETS, each "ORIGINS|VOLUMES", of
# which one is taken and checked, and a way to end it.

begin_disks() {
	W=(0:/dev/vda 1:/dev/vdb)
	SETS=("/dev/vda|0:@0" "/dev/vda /dev/vdb|0:@0 1:@1"
		"/dev/vdb /dev/vda|0:@1 1:@0")
}
end_disks() { :; }

begin_partitions() {
	addpart /dev/vda 1 1024 7168
	addpart /dev/vda 2 8195 6001
	W=(0:/dev/vda 0:/dev/vda1:1024 0:/dev/vda2:8195)
	SETS=("/dev/vda|0:@0" "/dev/vda1|0:@0:1024" "/dev/vda2 /dev/vda|0:@0:8195 0:@1"
		"/dev/vda1 /dev/vda2|0:@0:1024 0:@1:8195")
}
end_partitions() {
	wait_for 10 delpart /dev/vda 1
	wait_for 10 delpart /dev/vda 2
}

begin_linear() {
	dmsetup create top --table "0 16384 linear /dev/vda 0"
	W=(0:/dev/mapper/top)
	SETS=("/dev/mapper/top|0:@0" "/dev/vda|0:@0" "/dev/vda /dev/mapper/top|0:@0 0:@1"
		"/dev/mapper/top /dev/vda|0:@0 0:@1")
}
end_linear() { wait_for 10 dmsetup remove top; }

KEY=$(seq 100 131 | tr -d '\n' | cut -c1-64)

begin_crypt() {
	dmsetup create top --table "0 16384 crypt aes-xts-plain64 $KEY 0 /dev/vda 0"
	W=(0:/dev/mapper/top)
	SETS=("/dev/mapper/top|0:@0" "/dev/vda /dev/mapper/top|0:@1")
}
end_crypt() { wait_for 10 dmsetup remove top; }

begin_stripes() {
	dmsetup create top --table "0 32768 striped 2 64 /dev/vda 0 /dev/vdb 0"
	W=(0:/dev/mapper/top)
	SETS=("/dev/mapper/top|0:@0" "/dev/vdb /dev/mapper/top|0:@1"
		"/dev/mapper/top /dev/vda /dev/vdb|0:@0")
}
end_stripes() { wait_for 10 dmsetup remove top; }

begin_mirror() {
	mdadm -q --build /dev/md0 --level=1 --assume-clean --raid-devices=2 \
		/dev/vda /dev/vdb
	W=(0:/dev/md0)
	SETS=("/dev/md0|0:@0" "/dev/vda|0:@0" "/dev/vda /dev/vdb|0:@0 0:@1"
		"/dev/vdb /dev/md0|0:@0 0:@1")
}
end_mirror() { wait_for 10 mdadm -q --stop /dev/md0; }

begin_loop() {
	mkfs_mount ext4 /dev/vdb /mnt/a
	fallocate -l 6M /mnt/a/file
	sync -f /mnt/a
	losetup --direct-io=on /dev/loop0 /mnt/a/file
	W=(0:/dev/loop0)
	SETS=("/dev/loop0|0:@0" "/dev/loop0 /dev/vdb|0:@0" "/dev/vdb /dev/loop0|0:@1")
}
end_loop() {
	losetup -d /dev/loop0
	wait_for 10 umount /mnt/a
}

begin_file() {
	mkfs_mount ext4 /dev/vdb /mnt/a
	fallocate -l 4M /mnt/a/file
	W=(0:/mnt/a/file)
	SETS=("/dev/vdb|0:/mnt/i/file")
}
end_file() { wait_for 10 umount /mnt/a; }

# What goes wrong while the snapshot is held

fault_none() { :; }

fault_pressure() { drop_caches; }

fault_frozen() {
	fsfreeze -f /mnt/s
	sleep 0.5
	fsfreeze -u /mnt/s
}

fault_admin() {
	local origin
	for origin in $origins; do
		check_fails 'a snapshot uses it' blksnapctl detach "$origin"
	done
	check_fails 'in use' unload_module
	blksnapctl list >/dev/null
}

# Not one that is held: it goes with its agent
fault_agent() {
	rawctl create add:/dev/vdd append:/mnt/s:4M:4M take stop >/dev/null 2>&1 &
	sleep "0.$((RANDOM % 10))"
	kill -KILL $! 2>/dev/null || true
	wait $! 2>/dev/null || true
}

# These two may end the snapshot; of a storage that fails, parts of the image may
# also just not be readable

fault_storage() { swap_table store "0 $store error"; }

fault_full() { sleep 1; }

# look: is the image right? Says so, in $looked: right, wrong, or unreadable
look() {
	if [ "$topology" = file ]; then
		mkdir -p /mnt/i
		if ! mount -o ro,noload "${IMAGES[0]}" /mnt/i; then
			looked=unreadable
			return
		fi
	fi
	looked=right
	# shellcheck disable=SC2086
	check $wanted >/tmp/looked 2>&1 || looked=unreadable
	cat /tmp/looked
	! grep -qE 'WRONG|: volume [0-9]+ sector' /tmp/looked || looked=wrong
	[ "$topology" != file ] || umount /mnt/i
}

# hold: what the snapshot of $origins goes through; $volumes are to be right
hold() {
	local state=failed
	"fault_$fault"
	look
	! rawctl "openid:$id" state:TAKEN 2>/dev/null || state=taken
	case $state,$looked,$fault in
	*,wrong,*) fail "the image is wrong" ;;
	taken,right,*) judged=$((judged + 1)) ;;
	taken,unreadable,storage) ended=$((ended + 1)) ;;
	failed,*,storage)
		has_error EIO ETIMEDOUT || fail "it failed with something else"
		ended=$((ended + 1))
		;;
	failed,*,full)
		has_error ENOSPC || fail "it failed with something else"
		ended=$((ended + 1))
		;;
	*) fail "the snapshot is $state, its image $looked" ;;
	esac
}

# choose_storage: where old data goes, so that the fault can happen
choose_storage() {
	# No origins are larger than 32M together; it has to grow for those
	pick "--storage /dev/mapper/store" "--storage /mnt/s --reserve 32M --limit 64M"
	case $fault in
	# The agent's cut freezes /mnt/s
	storage | agent) PICKED="--storage /dev/mapper/store" ;;
	full) PICKED="--storage /mnt/s --reserve 1M --limit 1M" ;;
	esac
	read -ra STORAGE <<<"$PICKED"
}

# snapshot: one of the topology's
snapshot() {
	pick none none none pressure frozen admin agent storage full
	fault=$PICKED
	choose_storage
	pick 0 0 4 128 512
	unit=$PICKED
	echo "$unit" >/sys/module/blksnap/parameters/copy_kib
	pick "${SETS[@]}"
	origins=${PICKED%|*} wanted=${PICKED#*|}
	say "  snapshot of $origins, ${STORAGE[*]}, copied by $unit KiB, fault: $fault"
	# shellcheck disable=SC2086
	take $origins
	hold
	wait_for 20 blksnapctl release --force "$id"
	[ "$fault" != storage ] || swap_table store "0 $store linear /dev/vdc 0"
}

some_writers() {
	local doors='' door
	for door in direct aio uring buffered mmap; do
		case $topology,$door in
		mirror,aio | mirror,uring) continue ;; # see 24-md
		esac
		[ $((RANDOM % 2)) = 0 ] || doors=$doors,$door
	done
	DOORS=${doors:-,direct}
	DOORS=${DOORS#,}
	WRITE=(-x $((RANDOM % 20)) -M $((4096 << RANDOM % 7)))
	case $topology in
	# A discard is kept from the member that has a snapshot, and so they differ
	file | mirror) WRITE=(-x 0 "${WRITE[@]:2}") ;;
	esac
	say "  writers: $DOORS ${WRITE[*]}"
	if [ ${#WRITERS[@]} = 0 ]; then
		writers_start "${W[@]}"
	else
		writers "${W[@]}"
	fi
}

# episode: a topology that comes and goes
episode() {
	pick disks partitions linear crypt stripes mirror loop file
	topology=$PICKED
	say "$topology"
	"begin_$topology"
	some_writers
	[ $((RANDOM % 3)) != 0 ] || [ "$topology" = mirror ] || some_writers
	snapshots=$((1 + RANDOM % 3))
	while [ $snapshots -gt 0 ]; do
		snapshot
		snapshots=$((snapshots - 1))
	done
	writers_end
	"end_$topology"
}

seed
load_module
modprobe -a dm-mod dm-crypt xts raid1 loop
store=$(blockdev --getsz /dev/vdc)
dmsetup create store --table "0 $store linear /dev/vdc 0"
mkfs_mount ext4 /dev/vdd /mnt/s
seconds=150
[ -z "${BLKSNAP_MINUTES:-}" ] || seconds=$((BLKSNAP_MINUTES * 60))
deadline=$((SECONDS + seconds)) episodes=0 judged=0 ended=0
while [ "$SECONDS" -lt "$deadline" ] || [ "$judged" = 0 ]; do
	episode
	wait_for 20 rawctl clean
	episodes=$((episodes + 1))
done
say "$episodes episodes, $judged images were right, $ended snapshots failed as they may"
dmsetup remove store
umount /mnt/s
check_fs ext4 /dev/vdd
unload_module
