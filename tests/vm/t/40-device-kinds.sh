# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Kinds of devices that cannot be origins, or storage, are refused with the
# reason, and can still be used as before.
#
# disks: 32M 64M 32M
# bootargs: memmap=64M!768M
# timeout: 600

. /test/lib.sh
. /test/snapshot.sh

# Snapshots that are there all the time
held=0

# no_origin DEVICE: refused, alone and after others, and it is left alone
no_origin() {
	say "$1 as an origin"
	rawctl "attach:$1=EOPNOTSUPP" create add:/dev/vda "add:$1=EOPNOTSUPP" \
		info:1:1 append:/mnt/s:4M:4M take destroy
	check_fails "$1: .*cannot be snapshotted" blksnapctl attach "$1"
	check_fails "$1: .*cannot be snapshotted" \
		blksnapctl create --storage /mnt/s --reserve 4M /dev/vda "$1"
	rawctl "slist:300:$held"
}

# no_storage DEVICE ERRNO WORDS
no_storage() {
	say "$1 as storage"
	rawctl create add:/dev/vda "append:$1:0:0=$2" take=ENOSTR
	check_fails "$1: .*$3" blksnapctl create --storage "$1" /dev/vda
	rawctl "slist:300:$held"
}

# an_origin DEVICE: it is one, and its image is right
an_origin() {
	local first
	say "$1 is an origin"
	random 2 "$1"
	create /mnt/s 8M 8M "$1"
	first=$(digest /dev/blksnap0)
	same "image" "$(digest "$1")" "$first"
	scribble "$1" 1 65536 1 $((4 << 20))
	# Through the page cache as well, page by page
	dd if=/dev/zero of="$1" bs=4k count=300 seek=100 conv=notrunc,fsync \
		status=none
	drop_caches
	same "image" "$(digest /dev/blksnap0)" "$first"
	is_taken
	release
	rawctl clean
}

load_module
modprobe -a dm-mod loop zram nd_e820 nd_pmem
modprobe brd rd_nr=1 rd_size=16384
modprobe null_blk nr_devices=0
mkfs_mount ext4 /dev/vdb /mnt/s

null_disk zoned size=64 zoned=1 zone_size=4
no_origin /dev/zoned
no_storage /dev/zoned EOPNOTSUPP 'cannot be used'
rmdir /sys/kernel/config/nullb/zoned

say "a device that is gone, whose number another one has"
null_disk one size=64
number=$(stat -c %t:%T /dev/one)
exec 7</dev/one
rmdir /sys/kernel/config/nullb/one
null_disk two size=64
same "numbers" "$(stat -c %t:%T /dev/two)" "$number"
rawctl attach:@7=ENODEV create add:@7=ENODEV append:@7:0:0=ENODEV destroy clean
exec 7<&-
rmdir /sys/kernel/config/nullb/two

echo 16M >/sys/block/zram0/disksize
for device in /dev/ram0 /dev/zram0; do
	# What takes pages past the block layer, which is gone since 6.3
	if kernel_at_least 6.4; then an_origin $device; else no_origin $device; fi
done
# A loop device over such a disk's file system does not do that itself
mkfs_mount ext4 /dev/ram0 /mnt/r -O ^has_journal
truncate -s 8M /mnt/r/disk
losetup /dev/loop0 /mnt/r/disk
an_origin /dev/loop0
losetup -d /dev/loop0
umount /mnt/r

say "memory that is a disk"
wait_for 10 test -b /dev/pmem0
no_origin /dev/pmem0
mkfs_mount ext4 /dev/pmem0 /mnt/d -b 4096
umount /mnt/d
mount -o dax=always /dev/pmem0 /mnt/d
no_origin /dev/pmem0
rawctl create add:/dev/vda append:/mnt/d:4M:4M=EOPNOTSUPP take=ENOSTR
check_fails '/mnt/d: .*mounted with DAX' \
	blksnapctl create --storage /mnt/d --reserve 4M /dev/vda
umount /mnt/d

say "images"
printf 'label: gpt\nsize=8M\nsize=8M\n' | sfdisk -q /dev/vdc
wait_for 10 test -b /dev/vdc2
create /mnt/s 4M 4M /dev/vdc
wait_for 10 test -b /dev/blksnap0p1
held=1
for image in /dev/blksnap0 /dev/blksnap0p1; do
	no_origin $image
	no_storage $image EROFS 'read-only|not permitted'
done
# What is written above an image goes elsewhere, and may be an origin
truncate -s 16M /tmp/cow
losetup /dev/loop0 /tmp/cow
size=$(blockdev --getsz /dev/blksnap0)
dmsetup create above --table "0 $size snapshot /dev/blksnap0 /dev/loop0 N 8"
first=$(digest /dev/blksnap0)
blksnapctl attach /dev/mapper/above
random 2 /dev/mapper/above
blksnapctl detach /dev/mapper/above
same "image" "$(digest /dev/blksnap0)" "$first"
dmsetup remove above
losetup -d /dev/loop0
is_taken
release
held=0

say "read-only"
blockdev --setro /dev/vdc
no_storage /dev/vdc EROFS 'read-only|not permitted'
# That nobody writes to it is no reason not to
create /mnt/s 4M 4M /dev/vdc
same "image" "$(digest /dev/blksnap0)" "$(digest /dev/vdc)"
release
blockdev --setrw /dev/vdc

say "in use"
mkswap -q /dev/vdc2 2>/dev/null || mkswap /dev/vdc2 >/dev/null
swapon /dev/vdc2
no_storage /dev/vdc2 EBUSY 'in use'
no_storage /dev/vdc EBUSY 'in use'
swapoff /dev/vdc2
dmsetup create part --table "0 2048 linear /dev/vdc2 0"
no_storage /dev/vdc2 EBUSY 'in use'
dmsetup remove part
no_storage /dev/vdb EBUSY 'in use'

say "no blocks at all, and fewer than one"
no_storage /dev/loop5 EINVAL 'sizes|medium|gone'
truncate -s 2048 /tmp/tiny
losetup /dev/loop0 /tmp/tiny
no_storage /dev/loop0 EINVAL 'sizes'
rawctl create add:/dev/loop0 append:/mnt/s:4M:4M take state:TAKEN destroy clean
losetup -d /dev/loop0

umount /mnt/s
unload_module
