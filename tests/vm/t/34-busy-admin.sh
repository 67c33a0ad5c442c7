# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What an admin may do meanwhile to a file system that has storage and is an
# origin: trim, defragment, remount, unmount, freeze, resize, and more.
#
# disks: 320M 16M 320M
# timeout: 600
# expect-log: EXT4-fs.*resiz

. /test/lib.sh
. /test/snapshot.sh

make_files() {
	local n
	for n in 1 2 3 4; do
		head -c 1M /dev/urandom >"/mnt/a/file$n"
	done
	# In pieces, so that there is something to defragment
	for n in $(seq 0 8 120); do
		dd if=/dev/urandom of=/mnt/a/pieces bs=4k seek="$n" count=1 \
			conv=notrunc,fsync status=none
	done
	sync -f /mnt/a
}

defragment() {
	case $1 in
	ext4) e4defrag /mnt/a >/dev/null ;;
	xfs) xfs_fsr /mnt/a/pieces /mnt/a/file2 >/dev/null ;;
	btrfs) btrfs -q filesystem defragment -r /mnt/a ;;
	esac
}

# btrfs can do more to a file than others
rearrange() {
	check_fails 'Text file busy' btrfs subvolume snapshot -r /mnt/a /mnt/a/sub
	btrfs -q filesystem defragment -r -f /mnt/a
	btrfs -q balance start --full-balance /mnt/a
	mkdir -p /var/lib/btrfs
	btrfs -q scrub start -B /mnt/a
}

# can_claim DEVICE: nobody has it
can_claim() {
	dmsetup create claim --table "0 8 linear $1 0" 2>/dev/null &&
		dmsetup remove claim
}

load_module
modprobe dm-mod

for type in ext4 xfs btrfs; do
	say "$type: at work on it"
	mkfs_mount $type /dev/vda /mnt/a
	mkdir /mnt/a/store
	[ $type != btrfs ] || chattr +C /mnt/a/store
	make_files
	before=$(used /mnt/a)
	# The second origin's old data goes to the same storage
	create /mnt/a/store 48M 48M /dev/vda /dev/vdb
	image=$(images | head -n 1) other=$(images | tail -n 1)
	other_first=$(digest "$other")
	first=$(digest "$image")
	random 6 /dev/vdb
	rm /mnt/a/file1
	head -c 3M /dev/urandom >/mnt/a/file2
	sync -f /mnt/a
	used=$(status storage_used)
	fstrim /mnt/a
	# Not of the trimmed blocks; what the file system notes of it
	is_between "used after fstrim" "$used" "$(status storage_used)" $((used + (1 << 20)))
	defragment $type
	fstrim /mnt/a
	chattr +i /mnt/a/file3 2>/dev/null
	chattr -i /mnt/a/file3
	chattr +d /mnt/a/store 2>/dev/null || true
	mount -o remount,noatime /mnt/a
	[ $type != btrfs ] || rearrange
	check_fails 'busy' mount -o remount,ro /mnt/a
	check_fails 'busy' umount /mnt/a
	drop_caches
	same "image" "$(digest "$image")" "$first"
	same "the other image" "$(digest "$other")" "$other_first"
	is_taken
	release
	sync -f /mnt/a
	# Not what is available: btrfs has other chunks after a balance. 48 MiB
	# were reserved; btrfs has a little more of its own by now
	wait_used /mnt/a $((before + 16))
	umount /mnt/a
	check_fs $type /dev/vda
done

for type in ext4 xfs; do
	say "$type: the storage's file system is frozen by somebody else"
	mkfs_mount $type /dev/vdc /mnt/s
	before=$(available /mnt/s)
	create /mnt/s 8M 64M /dev/vdb
	first=$(digest /dev/blksnap0)
	fsfreeze -f /mnt/s
	# What is reserved can be used; there is no more for now
	random 6 /dev/vdb
	same "image" "$(digest /dev/blksnap0)" "$first"
	wait_for 10 raw nonblock read
	rawctl create add:/dev/vda append:/mnt/s:8M:8M=EBUSY
	is_taken
	# Another directory is used meanwhile
	mkfs_mount ext4 /dev/vda /mnt/a
	raw append:/mnt/a:4M:20M
	dd if=/dev/zero of=/dev/vdb bs=64k seek=100 count=16 oflag=direct status=none
	wait_reserved 20
	scribble /dev/vdb 1 65536
	same "image" "$(digest /dev/blksnap0)" "$first"
	is_taken
	fsfreeze -u /mnt/s
	release
	umount /mnt/a

	say "$type: frozen by somebody else for a while"
	create /mnt/s 8M 64M /dev/vdb
	first=$(digest /dev/blksnap0)
	fsfreeze -f /mnt/s
	random 6 /dev/vdb
	wait_for 10 raw nonblock read
	fsfreeze -u /mnt/s
	# What is copied next has it grow, and so does time
	dd if=/dev/zero of=/dev/vdb bs=64k seek=120 count=1 oflag=direct status=none
	wait_reserved 15
	scribble /dev/vdb 1 65536
	same "image" "$(digest /dev/blksnap0)" "$first"
	is_taken
	release

	say "$type: released while frozen"
	create /mnt/s 8M 8M /dev/vdb
	random 1 /dev/vdb
	fsfreeze -f /mnt/s
	begin=$SECONDS
	release
	[ $((SECONDS - begin)) -le "$(slow 25)" ] || fail "the release waited too long"
	scribble /dev/vdb 1 65536
	fsfreeze -u /mnt/s
	sync -f /mnt/s
	wait_available /mnt/s "$before"

	say "$type: lazily unmounted"
	create /mnt/s 8M 64M /dev/vdb
	first=$(digest /dev/blksnap0)
	check_fails 'busy' umount /mnt/s
	umount -l /mnt/s
	random 5 /dev/vdb
	wait_reserved 15
	scribble /dev/vdb 1 65536
	same "image" "$(digest /dev/blksnap0)" "$first"
	is_taken
	check_fails 'in use|busy' mkfs.ext4 -F -q /dev/vdc
	release
	# Not in use any more
	wait_for 20 can_claim /dev/vdc
	check_fs $type /dev/vdc
	mount /dev/vdc /mnt/s
	wait_available /mnt/s "$before"
	umount /mnt/s
done

say "an origin without storage is unmounted, and another one made there"
mkfs_mount ext4 /dev/vda /mnt/a
make_files
was=$(cat /mnt/a/file* /mnt/a/pieces | md5sum)
create /dev/vdc - - /dev/vda
umount /mnt/a
mkfs.xfs -q -f /dev/vda
mount_image ext4 /dev/blksnap0 /mnt/i
same "files" "$(cat /mnt/i/file* /mnt/i/pieces | md5sum)" "$was"
umount /mnt/i
is_taken
release

rawctl clean
unload_module
