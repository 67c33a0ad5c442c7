# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Where the storage can lie: a block device of any kind, another volume of the
# same LVM group, a file system in thousands of pieces. And where not: on
# something above the origin.
#
# disks: 32M 96M
# timeout: 600

. /test/lib.sh
. /test/snapshot.sh

lv() {
	local command=$1
	shift
	lvm "$command" -qq --config 'activation{udev_sync=0 udev_rules=0}' "$@"
}

# holds ORIGIN IMAGE: it goes on to show what is there now while all of the
# first 6 MiB of the origin change
holds() {
	local first
	first=$(digest "$2")
	same "image" "$first" "$(digest "$1")"
	random 3 "$1"
	scribble "$1" 1 65536 2 $((6 << 20))
	same "image" "$(digest "$2")" "$first"
	is_taken
	# Not of an image that shows the origin as it is
	[ "$(digest "$1")" != "$first" ] || fail "$1 did not change"
}

# runs_away STORAGE ORIGIN ABOVE: forced onto something above the origin it fails,
# and no write fails or waits for long, here one to ABOVE, a part of the origin
runs_away() {
	local begin longest=0 n now
	use "$(rawctl create "add:$2" "append:$1:0:0" take hold:1 id)"
	for n in $(seq 0 12); do
		begin=$(date +%s%N)
		head -c 256k /dev/urandom >/tmp/new
		dd if=/tmp/new of="$3" bs=256k count=1 seek="$n" oflag=direct \
			conv=notrunc status=none
		now=$((($(date +%s%N) - begin) / 1000000))
		[ "$now" -le "$longest" ] || longest=$now
		dd if="$3" bs=256k count=1 skip="$n" iflag=direct status=none |
			cmp - /tmp/new
	done
	say "the longest write took $longest ms"
	[ "$longest" -le 10000 ] || fail "a write waited for $longest ms"
	wait_for 10 raw state:FAILED
	status cause | tee /tmp/cause
	check_fails 'Input/output error' \
		dd if=/dev/blksnap0 of=/dev/null iflag=direct bs=4k count=1
	release
}

load_module
modprobe -a dm-mod loop zram

say "zram, whose blocks are larger than those of most disks"
echo 24M >/sys/block/zram0/disksize
check_fails 'larger logical blocks' \
	blksnapctl create --storage /dev/zram0 /dev/vda
rawctl create add:/dev/vda append:/dev/zram0:0:0 take=EOPNOTSUPP state:NEW
modprobe null_blk nr_devices=0
null_disk large size=16 blocksize=4096
create /dev/zram0 - - /dev/large
holds /dev/large /dev/blksnap0 4096
release
rmdir /sys/kernel/config/nullb/large
echo 1 >/sys/block/zram0/reset

say "a whole disk, a partition beside the origin, one of a tracked whole disk"
create /dev/vdb - - /dev/vda
holds /dev/vda /dev/blksnap0
release
printf 'label: gpt\nsize=16M\nsize=24M\n' | sfdisk -q /dev/vdb
wait_for 10 test -b /dev/vdb2
create /dev/vdb2 - - /dev/vdb1
holds /dev/vdb1 /dev/blksnap0
release
# Where the storage is, the image of the disk shows zeros
create /dev/vdb2 - - /dev/vdb
first=$(digest /dev/blksnap0)
random 3 /dev/vdb1
same "image" "$(digest /dev/blksnap0)" "$first"
start=$(cat /sys/class/block/vdb2/start)
dd if=/dev/blksnap0 bs=512 skip="$start" count=20000 status=none |
	cmp -n $((20000 * 512)) - /dev/zero
is_taken
release
say "the origin itself, or the disk around it"
for origin in vdb vdb1; do
	rawctl create "add:/dev/$origin" append:/dev/vdb:0:1M take=ELOOP state:NEW destroy \
		clean
done
wipefs -qa /dev/vdb
blockdev --rereadpt /dev/vdb

say "LVM: another volume of the group"
lv pvcreate /dev/vdb
lv vgcreate group /dev/vdb
for name in origin:16 store:40 top:16; do
	lv lvcreate -L "${name#*:}M" -n "${name%:*}" -an -Zn -Wn group
	lv lvchange -ay "group/${name%:*}"
	wait_for 10 test -b "/dev/mapper/group-${name%:*}"
done
create /dev/mapper/group-store - - /dev/mapper/group-origin
holds /dev/mapper/group-origin /dev/blksnap0
release
mkfs_mount ext4 /dev/mapper/group-store /mnt/s
create /mnt/s 8M 8M /dev/mapper/group-origin
holds /dev/mapper/group-origin /dev/blksnap0
release
umount /mnt/s

say "LVM: a volume above the origin"
check_fails 'it lies on a device above /dev/vdb' \
	blksnapctl create --storage /dev/mapper/group-top /dev/vdb
runs_away /dev/mapper/group-top /dev/vdb /dev/mapper/group-origin
grep -q 'the storage lies on a device above' /tmp/cause
mkfs_mount ext4 /dev/mapper/group-store /mnt/s
check_fails 'it lies on a device above /dev/vdb' \
	blksnapctl create --storage /mnt/s --reserve 4M --limit 4M /dev/vdb
umount /mnt/s
lv vgchange -an group
wipefs -qa /dev/vdb

say "a loop device above the origin: the writes below are another task's"
mkfs_mount ext4 /dev/vdb /mnt/a
dd if=/dev/zero of=/mnt/a/disk bs=1M count=8 conv=fsync status=none
dd if=/dev/zero of=/mnt/a/file bs=1M count=2 conv=fsync status=none
losetup /dev/loop0 /mnt/a/disk
check_fails 'it lies on a device above /dev/vdb' \
	blksnapctl create --storage /dev/loop0 /dev/vdb
use "$(rawctl create add:/dev/vdb append:/dev/loop0:0:0 take hold:1 id)"
begin=$SECONDS
random 2 /mnt/a/file
was=$(md5sum </mnt/a/file)
say "2 MiB written in $((SECONDS - begin)) s"
[ $((SECONDS - begin)) -le "$(slow 20)" ] || fail "the writes waited for long"
# It ends when the storage is full: each block of it costs another one, once the
# kernel writes it out, which it does not do at once by itself
has_ended() {
	sync -f /mnt/a
	raw state:FAILED 2>/dev/null
}
wait_for 60 has_ended
status cause
drop_caches
same "file" "$(md5sum </mnt/a/file)" "$was"
release
losetup -d /dev/loop0
umount /mnt/a
check_fs ext4 /dev/vdb

say "a file system in thousands of pieces"
mkfs_mount ext4 /dev/vdb /mnt/s -b 4096
size=$((($(available /mnt/s) - 3) << 20))
dd if=/dev/zero of=/mnt/s/fill bs=1M count=$((size >> 20)) conv=fsync \
	status=none
# Every second block of the last 64 MiB
for ((pos = size - (64 << 20); pos + 4096 <= size; pos += 8192)); do
	echo "fpunch $pos 4k"
done | xfs_io /mnt/s/fill >/dev/null 2>&1
sync -f /mnt/s
before=$(available /mnt/s)
kept=$(md5sum </mnt/s/fill)
create /mnt/s 12M 12M /dev/vda
is_between "space taken" 12 $((before - $(available /mnt/s))) 13
holds /dev/vda /dev/blksnap0
release
# On itself, and so with as many holes in the image
create /mnt/s 12M 12M /dev/vdb
first=$(digest /dev/blksnap0)
head -c 1M /dev/urandom | dd of=/mnt/s/new bs=1M iflag=fullblock conv=fsync \
	status=none
same "image" "$(digest /dev/blksnap0)" "$first"
is_taken
release
rm /mnt/s/new
sync -f /mnt/s
wait_available /mnt/s "$before"
drop_caches
same "the file between" "$(md5sum </mnt/s/fill)" "$kept"
umount /mnt/s
check_fs ext4 /dev/vdb

say "a device of 20 TiB"
modprobe null_blk nr_devices=0
null_disk huge memory_backed=0 size=$((20 << 20))
create /dev/huge - - /dev/vda
is_between "storage, MiB" $(((16 << 20) - 1)) $(($(status storage_reserved) >> 20)) \
	$((16 << 20))
release
rmdir /sys/kernel/config/nullb/huge

rawctl clean
unload_module
