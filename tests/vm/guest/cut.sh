# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What both machines of a power cut know. To be sourced after snapshot.sh.

# Used by those who source this
# shellcheck disable=SC2034

# choose: $type, the file system on /dev/vda, and $store, where that is mounted
# which the storage is on: btrfs cannot have it on itself without preparation
choose() {
	local types=(ext4 xfs btrfs)
	type=${types[BLKSNAP_SEED % 3]}
	store=/mnt/o
	[ "$type" != btrfs ] || store=/mnt/s
	say "$type"
}

# without_journal DIR: MiB of a file system that what is written there does not
# account for, such as those of a storage
without_journal() {
	local size=0
	sync -f "$1"
	[ ! -d "$1/journal" ] || size=$(du -sm "$1/journal" | cut -f 1)
	echo $(($(used "$1") - size))
}
