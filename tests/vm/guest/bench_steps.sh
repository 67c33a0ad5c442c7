# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Where the time of a first touch goes that is on its own, as the kernel traces it. To
# be sourced after lib.sh and snapshot.sh.
#
#   before-read    from the hold to the begin of the read of the old data
#   read
#   before-write   to the begin of the write
#   write
#   all

# shellcheck source=bench.sh
. /test/bench.sh

trace=/sys/kernel/tracing

# steps: of the trace, lines "STEP TIME", in us
steps() {
	awk -v disk="$(numbers $ORIGIN)" '
	function at(name) {
		match($0, / [0-9]+\.[0-9]+: /)
		when[name] = substr($0, RSTART, RLENGTH - 2) * 1000000
	}
	function step(name, begin, end) {
		printf "%s %.0f\n", name, when[end] - when[begin]
	}
	/blksnap_hold: / { at("hold") }
	$0 ~ "block_rq_issue: " disk " R" { at("read") }
	$0 ~ "block_rq_complete: " disk " R" { at("was_read") }
	$0 ~ "block_rq_issue: " disk " W" { at("write") }
	$0 ~ "block_rq_complete: " disk " W" && "hold" in when {
		at("end")
		step("before-read", "hold", "read")
		step("read", "read", "was_read")
		step("before-write", "was_read", "write")
		step("write", "write", "end")
		step("all", "hold", "end")
		delete when
	}' $trace/trace
}

# told STEP: of its times
told() {
	sed -n "s/^$1 //p" /tmp/steps | sort -n | awk -v step="$1" -v round="$ROUND" '
	{ us[NR] = $1; sum += $1 }
	END {
		printf "RESULT steps blksnap %d %s mean_us=%d median_us=%d p99_us=%d ios=%d\n", \
			round, step, sum / NR, us[int((NR + 1) / 2)], \
			us[int((NR * 99 + 99) / 100)], NR
	}'
}

one_round() {
	setup blksnap
	echo >$trace/trace
	echo 1 >$trace/tracing_on
	fio_json steps "$TARGET" --rw=randwrite --bs=4k --iodepth=1 --size=1g \
		--io_size=16m
	echo 0 >$trace/tracing_on
	teardown blksnap
	steps >/tmp/steps
	for step in before-read read before-write write all; do told "$step"; done
}

# bench ROUNDS
bench() {
	local step event
	echo 0 >$trace/tracing_on
	echo 16384 >$trace/buffer_size_kb
	for event in blksnap/blksnap_hold block/block_rq_issue block/block_rq_complete; do
		echo 1 >$trace/events/$event/enable
	done
	for ((ROUND = 1; ROUND <= $1; ROUND++)); do one_round; done
}
