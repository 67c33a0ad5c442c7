# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Calls of the module by chance, right ones and wrong ones, from many threads and
# processes that share descriptors and are killed, while the origins are written
# to. Each answer is checked by "fuzz"; in the end writers have not noticed, and
# nothing is left. BLKSNAP_SEED repeats the choices of a run, and BLKSNAP_MINUTES
# makes it longer.
#
# disks: 64M 64M 128M 32M
# timeout: 300

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

has_no_snapshots() { blksnapctl release --all --force && rawctl slist:0:0; }

# has_no_trackers: those that an admin has attached stay until then
has_no_trackers() {
	local device
	for device in /dev/vd*; do
		rawctl "detach:$device=?"
	done
	rawctl tlist:0:0
}

# pace: writers write a part of the time, or fuzz would come to little. They have
# only doors that do not mind being stopped
pace() {
	while :; do
		kill -CONT "${WRITERS[@]}" || true
		sleep 0.1
		kill -STOP "${WRITERS[@]}" || true
		sleep 0.3
	done
}

seed
load_module
seconds=30
[ -z "${BLKSNAP_MINUTES:-}" ] || seconds=$((BLKSNAP_MINUTES * 60))
addpart /dev/vda 1 2048 49152
for n in 2 3 4 5 6; do
	addpart /dev/vda $n $((65536 + 8192 * (n - 2))) 8192
done
mkfs_mount ext4 /dev/vdb /mnt/a
mkfs_mount ext4 /dev/vdc /mnt/s
fallocate -l 8M /mnt/a/file
mkdir /mnt/a/store
refs=$(lsmod | awk '$1 == "blksnap" { print $3 }')
# No discards: file and image of it would have to agree on what they are then
WRITE=(-x 0 -M 65536)
DOORS=direct,buffered,mmap
writers_start 0:/dev/vda 1:/mnt/a/file
DOORS=direct writers 0:/dev/vda1:2048
pace &
pace=$!

fuzz -s "$BLKSNAP_SEED" -t "$seconds" -b /dev/vdd /mnt/s /mnt/a/store \
	/dev/vda /dev/vda[1-6] /dev/vdb /dev/vdc ||
	fail "fuzz ended with $?"

say "nothing is left"
wait_for 30 has_no_snapshots
wait_for 30 has_no_trackers
wait_for 30 rawctl clean
kill $pace
kill -CONT "${WRITERS[@]}"
writers_end
same "references to the module" \
	"$(lsmod | awk '$1 == "blksnap" { print $3 }')" "$refs"
# It still works
STORAGE=(--storage /mnt/s --reserve 8M)
take /dev/vda /dev/vda2
release
umount /mnt/a /mnt/s
check_fs ext4 /dev/vdb
check_fs ext4 /dev/vdc
unload_module
