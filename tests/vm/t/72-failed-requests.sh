# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Some of the requests to a device fail, by chance, whatever they are for. Those to
# the storage's are none of the writers' business; with those to the origin's, writes
# may fail, too. An image is right, or its snapshot has failed.
#
# kernels: 7.3-debug
# disks: 32M 48M
# timeout: 300

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh

faults=/sys/kernel/debug/fail_make_request

# fail_requests PERCENT DEVICE...: and those of no other device
fail_requests() {
	local device
	for device in vda vdb; do
		case " ${*:2} " in
		*" $device "*) echo 1 >"/sys/block/$device/make-it-fail" ;;
		*) echo 0 >"/sys/block/$device/make-it-fail" ;;
		esac
	done
	echo "$1" >$faults/probability
}

# ends: the snapshot $id, which was right or has failed, and counts it
ends() {
	if has_error EIO; then
		failed=$((failed + 1))
	else
		is_taken
		same "image" "$(digest /dev/blksnap0)" "$1"
		right=$((right + 1))
	fi
	blksnapctl release "$id"
	wait_for 20 rawctl slist:0:0
}

counted() {
	say "$right images were right, $failed snapshots failed"
	[ "$right" -gt 0 ] || fail "$1: no image was right"
	[ "$failed" -gt 0 ] || fail "$1: no snapshot has failed"
	right=0 failed=0
}

echo 0 >$faults/verbose
echo -1 >$faults/times
right=0 failed=0
load_module
random 32 /dev/vda

say "the storage"
for ((n = 0; n < 16; n++)); do
	create /dev/vdb - - /dev/vda
	first=$(digest /dev/vda)
	fail_requests 2 vdb
	random 8 /dev/vda
	fail_requests 0
	ends "$first"
done
counted storage

say "the origin"
for ((n = 0; n < 16; n++)); do
	create /dev/vdb - - /dev/vda
	first=$(digest /dev/vda)
	fail_requests 2 vda
	scribble /dev/vda 2 65536 || true
	fail_requests 0
	ends "$first"
done
counted origin

unload_module
