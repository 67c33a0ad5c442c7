# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of doors and layers share: writers of which each sector tells
# by whom and when it was written ("oracle"), and snapshots taken under them.
# To be sourced after lib.sh.
#
# A volume is what oracle takes for one: ID:PATH[:OFFSET[:SECTORS]]. In a list
# of volumes the first one with an ID is all of it, others are further doors to
# parts of it. In volumes to be checked, @N stands for the image of the origin
# number N, counted from 0.

# Where old data goes; a test may change these
STORAGE=(--storage /dev/vdb)
DOORS=direct,aio,uring,buffered,mmap
# More options of "oracle write"
WRITE=()

JOURNAL=/tmp/journal
WRITERS=()

# each VOLUME...: the first one of each ID, in $VOLUMES
each() {
	local -A seen=()
	local volume
	VOLUMES=()
	for volume; do
		[ -z "${seen[${volume%%:*}]:-}" ] || continue
		seen[${volume%%:*}]=yes
		VOLUMES+=("$volume")
	done
}

# fill VOLUME...: with what has a new seed
fill() {
	each "$@"
	SEED=$((RANDOM << 15 | RANDOM))
	say "seed $SEED"
	rm -f $JOURNAL
	oracle fill -j $JOURNAL -s $SEED "${VOLUMES[@]}"
}

# writers VOLUME...: they write from now on, besides those that do so already
writers() {
	# Not deep, and nice: who checks needs a processor, too
	nice oracle write -j $JOURNAL -s $((SEED + ${#WRITERS[@]})) -d "$DOORS" \
		-q 4 -t "$(slow 600)" "${WRITE[@]}" "$@" &
	WRITERS+=($!)
}

# writers_start VOLUME...: fills the volumes, and writes to them from now on
writers_start() {
	fill "$@"
	writers "$@"
	sleep 0.5
}

# writers_end: none of their writes has failed, and all are on the volumes
writers_end() {
	local pid
	for pid in "${WRITERS[@]}"; do
		kill "$pid" || fail "writers have ended by themselves"
		wait "$pid"
	done
	WRITERS=()
	oracle verify -j $JOURNAL "${VOLUMES[@]}"
}

# take ORIGIN...: a snapshot, in $id, with the images in $IMAGES
take() {
	BEGIN=$(oracle now)
	blksnapctl create --json "${STORAGE[@]}" "$@" >/tmp/snapshot || return
	END=$(oracle now)
	id=$(jq -r .id /tmp/snapshot)
	read -ra IMAGES <<<"$(jq -r '[.members[].image] | join(" ")' /tmp/snapshot)"
}

# check VOLUME...: the images, in some passes
check() {
	local volume volumes=()
	for volume; do
		while [[ $volume =~ ^(.*)@([0-9]+)(.*)$ ]]; do
			volume=${BASH_REMATCH[1]}${IMAGES[BASH_REMATCH[2]]}${BASH_REMATCH[3]}
		done
		volumes+=("$volume")
	done
	oracle check -j $JOURNAL -b "$BEGIN" -e "$END" -p 2 "${volumes[@]}"
}

# release: the snapshot is still good, and nothing of it is left
release() {
	rawctl "openid:$id" state:TAKEN
	blksnapctl status "$id"
	wait_for 20 blksnapctl release "$id"
}

# round "ORIGIN..." VOLUME...: a snapshot of the origins, whose images are
# right; it is released under load
round() {
	local origins=$1
	shift
	say "snapshot of $origins"
	# shellcheck disable=SC2086
	take $origins
	check "$@"
	release
}

# null_disk NAME VALUE=CONTENT...: makes the null block device /dev/NAME
null_disk() {
	local dir=/sys/kernel/config/nullb/$1 setting
	[ -d /sys/module/null_blk ] || modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config
	mkdir "$dir"
	shift
	for setting in memory_backed=1 "$@" power=1; do
		echo "${setting#*=}" >"$dir/${setting%%=*}"
	done
}
