# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Devices on top of each other: the lower one alone, the upper one alone, both in
# one snapshot.
#
# disks: 96M 256M
# timeout: 600

. /test/lib.sh

create() {
	id=$(blksnapctl create --storage /mnt/s --reserve 16M --limit 32M "$@" |
		head -n 1)
}

image_of() {
	blksnapctl status --json "$id" |
		jq -r ".snapshots[0].members[] | select(.origin == \"$1\").image"
}

# write FILE MIB
write() {
	dd if=/dev/urandom of="$1" bs=1M count="$2" iflag=fullblock \
		conv=notrunc,fsync status=none
}

load_module
modprobe -a dm-mod loop
mkfs_mount ext4 /dev/vdb /mnt/s

say "dm-linear over a disk"
sectors=$(blockdev --getsz /dev/vda)
dmsetup create top --table "0 $((sectors - 2048)) linear /dev/vda 2048"
top=/dev/$(basename "$(readlink -f /dev/mapper/top)")
[ -b "$top" ] || top=/dev/dm-0
mkfs_mount ext4 /dev/mapper/top /mnt/a
write /mnt/a/file 4
for origins in "$top" /dev/vda "$top /dev/vda" "/dev/vda $top"; do
	say "snapshot of $origins"
	was=$(md5sum </mnt/a/file)
	# shellcheck disable=SC2086
	create $origins
	# shellcheck disable=SC2086
	set -- $origins
	declare -A first=()
	for origin; do first[$origin]=$(md5sum <"$(image_of "$origin")"); done
	write /mnt/a/file 4
	dmsetup suspend top
	dmsetup resume top
	write /mnt/a/other 1
	# Under the file system's feet, and by the other device only
	dd if=/dev/zero of=/dev/vda bs=4k count=4 oflag=direct status=none
	drop_caches
	for origin; do
		same "image of $origin" "$(md5sum <"$(image_of "$origin")")" \
			"${first[$origin]}"
	done
	mkdir -p /mnt/i
	case $1 in
	"$top") mount -o ro,noload "$(image_of "$top")" /mnt/i ;;
	*) mount -o ro,noload,loop,offset=1048576 "$(image_of /dev/vda)" /mnt/i ;;
	esac
	same "file in the image" "$(md5sum </mnt/i/file)" "$was"
	umount /mnt/i
	rawctl "openid:$id" state:TAKEN
	wait_for 10 blksnapctl release "$id"
	rawctl clean
done
umount /mnt/a
e2fsck -fn /dev/mapper/top >/dev/null
dmsetup remove top

say "a loop device over a file on a device of the same snapshot"
mkfs_mount ext4 /dev/vda /mnt/a
truncate -s 24M /mnt/a/disk
losetup /dev/loop0 /mnt/a/disk
mkfs_mount ext4 /dev/loop0 /mnt/l
write /mnt/l/file 2
(while [ ! -e /tmp/stop ]; do
	dd if=/dev/urandom of=/mnt/l/busy bs=4k count=16 oflag=direct \
		conv=notrunc status=none
	write /mnt/a/busy 1
done) &
busy=$!
sleep 1
for origins in "/dev/vda /dev/loop0" "/dev/loop0 /dev/vda"; do
	say "snapshot of $origins"
	# shellcheck disable=SC2086
	create $origins
	lower=$(image_of /dev/vda) upper=$(image_of /dev/loop0)
	sleep 1
	# They are of one instant, so the file has what the loop device has
	mount -o ro,noload "$lower" /mnt/i
	cmp /mnt/i/disk "$upper"
	umount /mnt/i
	rawctl "openid:$id" state:TAKEN
	blksnapctl release "$id"
	rawctl clean
done

say "in the wrong order"
# The writes of the loop device wait for the disk below: it may end in time or
# not, but afterwards both go on
output=$(rawctl create add:/dev/loop0:0 add:/dev/vda:1 append:/mnt/s:8M:32M \
	take:2000 2>&1) || grep -q 'take:2000: ETIMEDOUT' <<<"$output" ||
	fail "$output"
wait_for 20 rawctl clean
write /mnt/l/file 1
write /mnt/a/file 1
touch /tmp/stop
wait $busy
umount /mnt/l
e2fsck -fn /dev/loop0 >/dev/null
losetup -d /dev/loop0
umount /mnt/a
e2fsck -fn /dev/vda >/dev/null

umount /mnt/s
unload_module
