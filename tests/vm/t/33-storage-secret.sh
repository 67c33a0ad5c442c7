# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What is stored cannot be read through the file system that the storage is on:
# not while the snapshot is held, not after the release, and not after a crash,
# by a copy of the disk of that instant: no file has it. A crash leaves the file
# system clean, and its space is free again.
#
# disks: 320M 8M 320M
# timeout: 600

. /test/lib.sh
. /test/snapshot.sh

# What the origin is full of, and so the storage in the end
canary=blksnap-canary-7c1f

# search DEVICE: does it have very many canaries?
search() { [ "$(grep -acF -m 100000 "$canary" "$1")" = 100000 ]; }

# search_all DIR: in every file that can be read
search_all() {
	find "$1" -xdev -type f -print0 | xargs -0 -r cat | grep -acF "$canary" || true
}

# files DIR: a file system at work
files() {
	local i=0
	while [ ! -e /tmp/stop ]; do
		head -c 50k /dev/zero >"$1/work$((i % 20))"
		rm -f "$1/work$(((i + 7) % 20))"
		[ $((i % 10)) != 0 ] || sync -f "$1"
		i=$((i + 1))
	done
}

# check_crashed TYPE: the copy on /dev/vdc, of a crash with $before MiB used
# without the snapshot
check_crashed() {
	local copy=/dev/vdc
	# As any machine that starts again does
	mount -t "$1" "$copy" /mnt/c
	sync -f /mnt/c
	wait_used /mnt/c $((before + 8))
	same "canaries in files after a crash" "$(search_all /mnt/c)" 0
	umount /mnt/c
	check_fs "$1" "$copy"
}

load_module
modprobe -a dm-mod
mkdir -p /mnt/c
lines "$canary" 8M >/tmp/secret
# As small as each one can be
declare -A mib=([ext4]=144 [xfs]=304 [btrfs]=208)

for type in ext4 xfs btrfs; do
	say "$type"
	dmsetup create lower --table "0 $((mib[$type] << 11)) linear /dev/vda 0"
	dd if=/tmp/secret of=/dev/vdb bs=1M oflag=direct status=none
	mkfs_mount $type /dev/mapper/lower /mnt/s
	mkdir /mnt/s/store
	[ $type != btrfs ] || chattr +C /mnt/s/store
	head -c 2M /dev/zero >/mnt/s/file
	sync -f /mnt/s
	before=$(used /mnt/s)
	create /mnt/s/store 16M 16M /dev/vdb
	first=$(digest /dev/blksnap0)
	dd if=/dev/zero of=/dev/vdb bs=1M count=8 oflag=direct status=none
	same "image" "$(digest /dev/blksnap0)" "$first"
	# It is there, and this search would find it
	search /dev/vda || fail "nothing is stored"
	same "canaries in files" "$(search_all /mnt/s)" 0

	say "$type: the crash, under load"
	rm -f /tmp/stop
	files /mnt/s &
	sleep 1
	dmsetup suspend --noflush --nolockfs lower
	dd if=/dev/vda of=/dev/vdc bs=1M count="${mib[$type]}" iflag=direct \
		oflag=direct conv=sparse status=none
	dmsetup resume lower
	touch /tmp/stop
	wait
	search /dev/vdc || fail "nothing was copied"
	is_taken

	say "$type: the release"
	release
	rm -f /mnt/s/work*
	wait_used /mnt/s $((before + 8))
	umount /mnt/s
	check_fs $type /dev/mapper/lower

	say "$type: the copy"
	# Two of one name cannot be mounted, nor are they found
	blkdiscard /dev/mapper/lower
	dmsetup remove lower
	check_crashed $type
	blkdiscard /dev/vdc
done

rawctl clean
unload_module
