# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# After the power was cut: the file systems recover as on any machine that starts
# again; then nothing is missing of what was acknowledged, nothing is left of the
# snapshot, and another one can be taken. The last disk has the lines.
#
# timeout: 400

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/cut.sh
. /test/cut.sh

# check WHERE: is all there?
check() {
	say "all that was acknowledged is in $1"
	journal check "$1/journal" "$BLKSNAP_SEED" /tmp/lines
}

space_is_back() {
	[ "$(without_journal "$store")" -le $((before + 8)) ]
}

mount_all() {
	mount -t "$type" /dev/vda /mnt/o
	[ "$store" = /mnt/o ] || mount -t ext4 /dev/vdb "$store"
}

umount_all() {
	umount /mnt/o
	check_fs "$type" /dev/vda
	[ "$store" != /mnt/o ] || return 0
	umount "$store"
	check_fs ext4 /dev/vdb
}

# recovered: by a mount, and nothing else
recovered() {
	mount_all
	check /mnt/o
	before=$(cat "$store/before")
	say "space, in MiB besides the journal: $(without_journal "$store"), once $before"
	wait_for 30 space_is_back
	same "files of the storage" "$(ls -A "$store/storage")" ''
	say "is $type clean?"
	umount_all
}

# holds: an image is right, whatever becomes of the origin. That of a btrfs cannot
# be mounted beside it
holds() {
	if [ "$type" = btrfs ]; then
		# An emulated machine compares faster than it sums up
		dd if=/dev/blksnap0 of=/tmp/image bs=1M iflag=direct conv=sparse \
			status=none
	else
		mount_image "$type" /dev/blksnap0 /mnt/i
		check /mnt/i
	fi
	rm -r /mnt/o/journal/1
	random 4 /mnt/o/journal/2/table
	sync -f /mnt/o
	drop_caches
	if [ "$type" = btrfs ]; then
		cmp /tmp/image /dev/blksnap0
		check_fails differ cmp /tmp/image /dev/vda
	else
		check /mnt/i
		umount /mnt/i
	fi
	is_taken
}

seed
choose
mkdir -p /mnt/o /mnt/s
tr -d '\0' <"$(by_serial lines)" >/tmp/lines
recovered

load_module
rawctl clean
same "lines of list" "$(blksnapctl list | wc -l)" 1
mount_all
create "$store/storage" 64M 64M /dev/vda
say "another snapshot"
holds
release
wait_for 30 space_is_back
umount_all
unload_module
