# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# An agent that is killed or gets signals at any moment of any command, while the
# origin is busy: nothing is left, no write fails. Which moments is a matter of
# chance; BLKSNAP_SEED repeats a run.
#
# disks: 64M 64M
# timeout: 600

. /test/lib.sh
. /test/snapshot.sh

is_clean() { rawctl clean 2>/dev/null; }

# wait_clean: nothing is left, within seconds
wait_clean() {
	wait_for 30 is_clean
	[ ! -e /dev/blksnap0 ] || fail "an image is left"
}

# files: a file system at work, until there is /tmp/stop
files() {
	local i=0
	while [ ! -e /tmp/stop ]; do
		dd if=/dev/zero of=/mnt/a/busy$((i % 8)) bs=16k count=4 \
			conv=fsync status=none || exit 1
		i=$((i + 1))
	done
	echo "files: $i"
}

# wait_ms: up to a second, mostly short
wait_ms() {
	local ms=$((RANDOM % 10 < 7 ? RANDOM % 150 : RANDOM % 1000))
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
}

# agent: a random life
agent() {
	local -a steps=(create add:/dev/vda add:/dev/vdb append:/mnt/a/s:4M:8M)
	local -a more=("take" "take hold:1 hold:0" "take destroy"
		"take destroy:force create add:/dev/vda append:/mnt/a/s:2M:4M take"
		"append:/mnt/a/s:2M:2M take info:0:2 id"
		"take destroy create close create add:/dev/vdb append:/mnt/a/s:2M:2M take:300 destroy")
	# shellcheck disable=SC2206
	steps+=(${more[RANDOM % ${#more[@]}]})
	exec rawctl "${steps[@]}" stop >/dev/null 2>>/tmp/said
}

seed
load_module
mkfs_mount ext4 /dev/vda /mnt/a
mkdir /mnt/a/s
sync -f /mnt/a
before=$(available /mnt/a)
refs=$(lsmod | awk '$1 == "blksnap" { print $3 }')
files &
files=$!
scribble /dev/vdb 60 16384 1 $((1 << 20)) >/tmp/scribble &
scribble=$!

say "killed"
for round in $(seq 30); do
	agent &
	agent=$!
	wait_ms
	kill -KILL $agent 2>/dev/null || true
	wait $agent 2>/dev/null || true
	# Most of the time the next one comes while this one's rests still go
	[ $((round % 5)) != 0 ] || wait_clean
done
wait_clean

say "stopped, continued, and killed while stopped"
for round in $(seq 6); do
	agent &
	agent=$!
	wait_ms
	kill -STOP $agent 2>/dev/null || true
	wait_ms
	[ $((round % 2)) != 0 ] || kill -CONT $agent 2>/dev/null || true
	kill -KILL $agent 2>/dev/null || true
	wait $agent 2>/dev/null || true
done
wait_clean

say "signals that end nothing"
trap '' USR1
for round in $(seq 4); do
	rawctl create add:/dev/vda append:/mnt/a/s:4M:4M take destroy &
	agent=$!
	while kill -USR1 $agent 2>/dev/null; do kill -WINCH $agent 2>/dev/null || true; done
	wait $agent || fail "a signal that was ignored ended a command"
done
wait_clean

say "two agents at once, of which one is killed"
for round in $(seq 6); do
	agent &
	agent=$!
	(exec rawctl create add:/dev/vdb append:/mnt/a/s:2M:2M \
		take destroy 2>>/tmp/said) &
	other=$!
	wait_ms
	kill -KILL $agent 2>/dev/null || true
	wait $agent 2>/dev/null || true
	wait $other || true
done
wait_clean

touch /tmp/stop
wait $files || fail "a write to a file failed"
wait $scribble || fail "a write failed"
cat /tmp/scribble
# What agents say is that the other one has the device, or that it was too slow
if grep -vE 'EBUSY|EEXIST|ETIMEDOUT|ESHUTDOWN|ENOSPC' /tmp/said; then
	fail "an agent said something else"
fi

# And it works
create /mnt/a/s 4M 4M /dev/vda
release
wait_clean
rm -f /mnt/a/busy*
sync -f /mnt/a
wait_available /mnt/a "$before"
same "references to the module" \
	"$(lsmod | awk '$1 == "blksnap" { print $3 }')" "$refs"
umount /mnt/a
check_fs ext4 /dev/vda
unload_module
