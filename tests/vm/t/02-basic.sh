# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# One origin from creation to release: the image shows what was there at the
# cut, the storage lies on the same file system and is given back.
#
# disks: 512M
# timeout: 600

. /test/lib.sh

used() { df --output=used -k "$1" | tail -n 1; }

# traced POINT...: each of these was met since the trace was emptied
traced() {
	local point
	for point; do
		grep -q "blksnap_$point: " $tracing/trace || fail "no trace of $point"
	done
	echo >$tracing/trace
}

tracing=/sys/kernel/tracing
load_module
echo 1 >$tracing/events/blksnap/enable
for type in ext4 xfs; do
	say "$type: fill, snapshot, overwrite"
	mkfs_mount $type /dev/vda /mnt/a
	head -c 20M /dev/urandom >/mnt/a/file
	sync
	before=$(md5sum </mnt/a/file)
	free=$(used /mnt/a)

	echo >$tracing/trace
	out=$(blksnapctl create --storage /mnt/a --reserve 64M --limit 64M /dev/vda)
	echo "$out"
	id=$(head -n 1 <<<"$out" | grep -oE '[0-9a-f-]{36}')
	head -c 20M /dev/urandom | dd of=/mnt/a/file bs=1M conv=notrunc,fsync status=none
	mkdir -p /mnt/image
	first=$(md5sum </dev/blksnap0)
	traced cut hold copy store
	blksnapctl status "$id"
	same "sysfs, snapshots" "$(cat /sys/class/misc/blksnap*/snapshots)" "$id"
	same "sysfs, snapshot" "$(cat /sys/block/blksnap0/blksnap/snapshot)" "$id"
	same "sysfs, origin" "$(cat /sys/block/blksnap0/blksnap/origin)" vda
	mount -o ro,noload,norecovery /dev/blksnap0 /mnt/image 2>/dev/null ||
		mount -o ro,norecovery,nouuid /dev/blksnap0 /mnt/image
	same "file in the image" "$(md5sum </mnt/image/file)" "$before"
	check_fails 'is mounted on' blksnapctl release "$id"
	umount /mnt/image
	same "second reading" "$(md5sum </dev/blksnap0)" "$first"
	blksnapctl release "$id"
	[ ! -e /dev/blksnap0 ] || fail "the image is still there"
	same "sysfs, snapshots" "$(cat /sys/class/misc/blksnap*/snapshots)" ""
	wait_for 20 test "$(used /mnt/a)" -le $((free + 1024))
	umount /mnt/a
	case $type in
	ext4) e2fsck -fn /dev/vda ;;
	xfs) xfs_repair -n /dev/vda ;;
	esac
done
echo 0 >$tracing/events/blksnap/enable
unload_module
