# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# An agent that is killed leaves nothing, unless it has said that the snapshot
# shall stay; and the module stays as long as something needs it.
#
# disks: 128M 128M
# timeout: 600

. /test/lib.sh

free() { df --output=avail /mnt/a | tail -n 1; }

# start STEP...: an agent in the background, until it is ready
start() {
	rm -f /tmp/ready
	rawctl "$@" stop >/tmp/ready &
	agent=$!
	wait_for 20 grep -q ready /tmp/ready
}

kill_agent() {
	kill -KILL $agent
	wait $agent || same "how the agent ended" $? 137
}

is_gone() {
	rawctl clean 2>/dev/null && [ "$(free)" -ge "$before" ]
}

load_module
mkfs_mount ext4 /dev/vda /mnt/a
mkdir /mnt/a/s
sync
before=$(free)

steps=()
for step in create add:/dev/vda append:/mnt/a/s:8M:16M take; do
	steps+=("$step")
	say "killed after ${step%%:*}"
	start "${steps[@]}"
	check_fails 'in use' unload_module
	case $step in take) [ -b /dev/blksnap0 ] || fail "no image" ;; esac
	kill_agent
	wait_for 20 is_gone
	[ ! -e /dev/blksnap0 ] || fail "the image is still there"
done

say "killed after hold"
start "${steps[@]}" hold:1 id
id=$(head -n 1 /tmp/ready)
kill_agent
check_fails 'in use' unload_module
same "state" "$(blksnapctl status --json "$id" |
	jq -c '.snapshots[0] | [.state, .held]')" '["taken",true]'
first=$(md5sum </dev/blksnap0)
head -c 2M /dev/urandom >/mnt/a/file
sync
same "image" "$(md5sum </dev/blksnap0)" "$first"
rm /mnt/a/file

say "killed, with another descriptor open"
start "openid:$id" hold:0
rawctl "openid:$id" state:TAKEN
kill_agent
wait_for 20 is_gone

say "killed while the snapshot is taken"
for delay in 0 0.02 0.1 0.3; do
	rawctl "${steps[@]}" stop >/dev/null &
	agent=$!
	sleep $delay
	kill_agent
	wait_for 20 is_gone
done

say "the module is needed by: a tracker"
blksnapctl attach /dev/vda
check_fails 'in use' unload_module
blksnapctl detach /dev/vda
say "the control node, open"
exec 7<>/dev/blksnap-control
check_fails 'in use' unload_module
exec 7>&-
say "an open image of a snapshot that is released"
id=$(blksnapctl create --storage /mnt/a/s --reserve 8M /dev/vda | head -n 1)
exec 7</dev/blksnap0
blksnapctl release --force "$id"
check_fails 'in use' unload_module
exec 7<&-
wait_for 20 is_gone

say "run: the exit code is the command's"
run() { blksnapctl run --storage /mnt/a/s --reserve 8M /dev/vda -- "$@"; }
status=0
# shellcheck disable=SC2016
run sh -c '[ -b "$BLKSNAP_IMAGE_0" ] &&
	[ "$BLKSNAP_IMAGES" = "/dev/vda=$BLKSNAP_IMAGE_0" ] &&
	blksnapctl status "$BLKSNAP_ID" >/dev/null && exit 42' || status=$?
same "exit code" $status 42
wait_for 20 is_gone
run true
wait_for 20 is_gone
status=0
run /nothing/there 2>/dev/null || status=$?
same "exit code, no such command" $status 127
wait_for 20 is_gone
status=0
# shellcheck disable=SC2016
run sh -c 'kill -KILL $$' || status=$?
same "exit code, killed command" $status 137
wait_for 20 is_gone

say "run: killed itself"
blksnapctl run --storage /mnt/a/s --reserve 8M /dev/vda -- sleep 1000 &
agent=$!
wait_for 20 pgrep -x -f 'sleep 1000' >/dev/null
kill_agent
wait_for 20 is_gone
# The command lives on
pkill -x -f 'sleep 1000'

say "run: asked to end"
blksnapctl run --storage /mnt/a/s --reserve 8M /dev/vda -- sleep 1000 &
agent=$!
wait_for 20 test -b /dev/blksnap0
wait_for 20 pgrep -x -f 'sleep 1000' >/dev/null
kill -TERM $agent
status=0
wait $agent || status=$?
same "exit code" $status 143
wait_for 20 is_gone

umount /mnt/a
e2fsck -fn /dev/vda >/dev/null
unload_module
