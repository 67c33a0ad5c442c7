# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Origins that take their time: a disk that is detached while it does not answer
# holds up no other one, and a cut may have a shorter timeout than the first look
# at a device of device mapper takes.
#
# disks: 32M 32M 64M
# timeout: 300

. /test/lib.sh
. /test/snapshot.sh

# within SECONDS COMMAND...: succeeds, and no later
within() {
	local begin=$SECONDS limit=$1
	shift
	"$@" || fail "failed: $*"
	[ $((SECONDS - begin)) -le "$(slow "$limit")" ] || fail "late: $*"
}

killed() {
	wait "$1" && fail "ended by itself: $1"
	return 0
}

load_module
modprobe -a dm-mod loop
size=$(blockdev --getsz /dev/vda)
dmsetup create lower --table "0 $size linear /dev/vda 0"
mkfs_mount ext4 /dev/vdc /mnt/s
steps=(append:/mnt/s:4M:4M)

say "a timeout of a second and a half, right after the attach"
rawctl create add:/dev/mapper/lower "${steps[@]}" take:1500 state:TAKEN destroy

say "detached while it does not answer"
blksnapctl attach /dev/mapper/lower
dmsetup suspend --noflush --nolockfs lower
dd if=/dev/zero of=/dev/mapper/lower bs=4k count=1 oflag=direct status=none &
writer=$!
wait_for 10 grep -q '^State:.D' /proc/$writer/status
sleep 1
within 20 blksnapctl detach /dev/mapper/lower
within 5 blksnapctl list --trackers
within 10 rawctl clean
check_fails 'hangs' blksnapctl attach /dev/mapper/lower
within 10 blksnapctl attach /dev/vdb
within 20 create /mnt/s 4M 4M /dev/vdb
release
within 10 blksnapctl detach /dev/vdb
check_fails 'in use' unload_module
kill -0 $writer || fail "the write has ended"

say "and after it has answered"
dmsetup resume lower
wait $writer || fail "a write failed"
within 30 wait_for 20 blksnapctl attach /dev/mapper/lower
create /mnt/s 4M 4M /dev/mapper/lower
release
blksnapctl detach /dev/mapper/lower
dmsetup remove lower

say "opened while it does not answer"
dmsetup create lower --table "0 $size linear /dev/vda 0"
loop=$(losetup --find --show --partscan --direct-io=on /dev/mapper/lower)
exec 9<"$loop"
rm -f /tmp/id
rawctl create add:@9 "${steps[@]}" id "sleep:$(slow 4)000" take:1500=ETIMEDOUT id \
	destroy >/tmp/id &
agent=$!
wait_for 30 test -s /tmp/id
dmsetup suspend --noflush --nolockfs lower
# Reads it under a lock that whoever opens the disk needs
blockdev --rereadpt "$loop" &
reader=$!
wait_for 10 grep -q '^State:.D' /proc/$reader/status
given_up() { [ "$(wc -l </tmp/id)" = 2 ]; }
wait_for 20 given_up
wait_for 20 rawctl tlist:4:0 2>/dev/null
rawctl attach:@9 &
attach=$!
wait_for 10 grep -q '^State:.D' /proc/$attach/status
within 10 blksnapctl attach /dev/vdb
within 20 create /mnt/s 4M 4M /dev/vdb
within 5 blksnapctl list --trackers
release
within 10 blksnapctl detach /dev/vdb
kill -0 $attach $reader $agent || fail "did not hang"
dmsetup resume lower
wait $reader $agent
wait $attach || fail "not attached"
rawctl detach:@9
exec 9<&-
losetup -d "$loop"
dmsetup remove lower

say "attached while a request does not end"
mkfs_mount ext4 /dev/vda /mnt/l
truncate -s 16M /mnt/l/file
loop=$(losetup --find --show /mnt/l/file)
fsfreeze -f /mnt/l
dd if=/dev/zero of="$loop" bs=4k count=1 oflag=direct status=none &
writer=$!
wait_for 10 grep -q '^State:.D' /proc/$writer/status
blksnapctl attach "$loop" >/tmp/attach 2>&1 &
attach=$!
sleep 3
kill -KILL $attach
within 5 killed $attach
within 40 check_fails 'hangs' blksnapctl attach "$loop"
within 10 blksnapctl attach /dev/vdb
within 10 blksnapctl detach /dev/vdb
fsfreeze -u /mnt/l
wait $writer || fail "a write failed"
within 10 blksnapctl attach "$loop"
blksnapctl detach "$loop"
losetup -d "$loop"
umount /mnt/l /mnt/s
unload_module
