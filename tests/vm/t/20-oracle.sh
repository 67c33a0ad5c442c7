# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Snapshots of two disks at one instant, under writers by all doors, judged by
# the oracle while they go on.
#
# disks: 24M 24M 512M
# timeout: 400

. /test/lib.sh

J=/tmp/journal
SEED=$(date +%N)
SEED=${SEED#"${SEED%%[!0]*}"}

# start OPTIONS...: writers in the background, until stop
start() {
	oracle write -j $J "$@" 0:/dev/vda 1:/dev/vdb >/tmp/writers 2>&1 &
	writers=$!
	wait_for 10 grep -q seed /tmp/writers
	cat /tmp/writers
}

stop() {
	kill -TERM $writers
	wait $writers || fail "writers: $(cat /tmp/writers)"
	tail -n 1 /tmp/writers
	oracle verify -j $J 0:/dev/vda 1:/dev/vdb
}

# One snapshot, which is checked PASSES times
round() {
	local begin end id
	sleep 1
	begin=$(oracle now)
	id=$(blksnapctl create --storage /mnt/s --reserve 100M --limit 100M \
		/dev/vda /dev/vdb | head -n 1)
	end=$(oracle now)
	say "snapshot in $(((end - begin) / 1000000)) ms"
	oracle check -j $J -b "$begin" -e "$end" -p "$1" \
		0:/dev/blksnap0 1:/dev/blksnap1
	say "checked"
	blksnapctl status "$id" | grep -E 'pause|held'
	blksnapctl release "$id"
}

load_module
mkfs_mount ext4 /dev/vdc /mnt/s
say "seed $SEED"
oracle fill -j $J -s "$SEED" 0:/dev/vda 1:/dev/vdb
say "filled"

say "all doors"
start -n 6 -x 5
round 3
for _ in 1 2; do round 2; done
stop

for kib in 0 4 128 512; do
	say "small writes, copied by $kib KiB"
	echo $kib >/sys/module/blksnap/parameters/copy_kib
	start -n 4 -d aio,uring -M 4K -q 8
	round 1
	stop
done

say "each write after the one before"
start -D -d direct,direct,uring,buffered -M 8K
round 1
round 1
stop

umount /mnt/s
unload_module
