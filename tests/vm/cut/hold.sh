# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Until the power goes: writers that acknowledge what is safe on the third serial
# port, while snapshots of their file system are taken and released. The host cuts
# the power some time after the lines "made", for what must not be lost by then,
# and "taken". A snapshot may come to the end of its storage before.
#
# disks: 320M 128M
# timeout: 400

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/cut.sh
. /test/cut.sh

# wait_tenths N: up to N tenths of a second
wait_tenths() {
	local tenths=$((RANDOM % ($1 + 1)))
	sleep $((tenths / 10)).$((tenths % 10))
}

seed
choose
load_module
mkfs_mount "$type" /dev/vda /mnt/o
[ "$store" = /mnt/o ] || mkfs_mount ext4 /dev/vdb "$store"
mkdir /mnt/o/journal "$store/storage"
journal fill /mnt/o/journal "$BLKSNAP_SEED"
before=$(without_journal "$store")
echo "$before" >"$store/before"
sync
say made

stty -F /dev/ttyS2 raw 115200
journal write /mnt/o/journal "$BLKSNAP_SEED" /dev/ttyS2 &
while :; do
	create "$store/storage" 64M 64M /dev/vda
	[ "$(without_journal "$store")" -ge $((before + 56)) ] ||
		fail "the storage has no space"
	say taken
	wait_tenths 60
	is_taken 2>/dev/null || has_error ENOSPC || is_taken
	kill -0 $! || fail "the writers have ended"
	say releasing
	release
	wait_tenths 3
done
