# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Snapshots while the module, and what it calls, often gets no memory. All writes of
# the origin succeed; an image is right, or its snapshot has failed for that reason.
#
# kernels: 7.3-debug
# disks: 64M 96M
# timeout: 300

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

kinds=(failslab fail_page_alloc)

# faults PERCENT [N]: of all requests for memory that have the module on their stack,
# or of every Nth of them
faults() {
	local kind dir
	for kind in "${kinds[@]}"; do
		dir=/sys/kernel/debug/$kind
		echo "${2:-1}" >"$dir/interval"
		echo "$1" >"$dir/probability"
	done
}

prepare_faults() {
	local kind dir first last
	read -r first last <<<"$(awk '$4 == "[blksnap]" && $2 ~ /[tT]/ { print $1 }' \
		/proc/kallsyms | sort | sed -n '1p; $p' | xargs)"
	for kind in "${kinds[@]}"; do
		dir=/sys/kernel/debug/$kind
		echo 0 >"$dir/probability"
		echo 0 >"$dir/verbose"
		echo N >"$dir/ignore-gfp-wait"
		echo -1 >"$dir/times"
		echo 32 >"$dir/stacktrace-depth"
		echo "0x$first" >"$dir/require-start"
		echo "0x$last" >"$dir/require-end"
	done
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

# copied: by the snapshot $id
copied() { status 'members[0].copied'; }

load_module
prepare_faults
seed

for percent in 1 10 50; do
	say "copying, $percent of 100 requests for memory fail"
	writers_start 1:/dev/vda
	take /dev/vda
	faults $percent
	sleep 10
	faults 0
	echo "copied: $(copied)"
	if has_error ENOMEM; then
		say "the snapshot has failed"
		blksnapctl release "$id"
	else
		check 1:@0
		release
	fi
	writers_end
done

# To take one needs a thousand of them
say "everything, 1 of 1000 fails"
writers_start 1:/dev/vda
done=0
for ((n = 0; n < 8; n++)); do
	faults 1 10
	if take /dev/vda 2>/tmp/said; then
		faults 0
		has_error ENOMEM || check 1:@0
		blksnapctl release "$id"
		done=$((done + 1))
	else
		faults 0
		grep -q 'memory' /tmp/said || fail "$(cat /tmp/said)"
	fi
	rawctl slist:0:0
done
echo "$done of 8 snapshots taken"
[ $done -gt 0 ] || fail "none"
writers_end
rawctl clean

# touch_leaves MIB DEVICE: a block in each 64 KiB, so that the map has room for all of them
touch_leaves() {
	local n
	for ((n = 0; n < $1 * 16; n++)); do
		dd if=/dev/zero of="$2" bs=4K count=1 seek=$((n * 16)) oflag=direct \
			conv=notrunc status=none
	done
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# Of what there is a reserve for, that is used up, and does not come back
say "no memory at all, and a storage that hangs"
modprobe dm-mod
echo 4 >/sys/module/blksnap/parameters/copy_kib
dmsetup create store --table "0 $(blockdev --getsz /dev/vdb) linear /dev/vdb 0"
create /dev/mapper/store - - /dev/vda
touch_leaves 4 /dev/vda
dmsetup suspend --noflush --nolockfs store
faults 100
begin=$SECONDS
random 4 /dev/vda &
writer=$!
wait_for 40 ended $writer
faults 0
wait $writer
echo "the write took $((SECONDS - begin)) s"
dmsetup resume store
has_error ENOMEM ETIMEDOUT || fail "the snapshot has not failed"
blksnapctl release "$id"
wait_for 20 rawctl clean
dmsetup remove store

unload_module
