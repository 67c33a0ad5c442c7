# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Did a test pass? From its exit status and from the kernel's log.

COMPLAINTS='WARNING:|BUG:|BUG |Oops|Call Trace|Kernel panic|general protection
possible circular locking|possible recursive|possible irq lock inversion
inconsistent lock state|suspicious RCU|INFO: task .* blocked
rcu:? INFO:|detected stalls|kthread starved|soft lockup|hard LOCKUP|workqueue lockup
KASAN:|UBSAN:|KCSAN:|kmemleak:.*(leaks|disabled)|refcount_t:|list_(add|del) corruption
ODEBUG:|pagealloc: |poison overwritten|MAX_LOCKDEP|lockdep.*turning off
Bad page|bad page|scheduling while atomic|sleeping function called
DEBUG_LOCKS_WARN_ON|unable to handle|stack guard page|double fault
Object already free|use-after-free'

# The kernel's lines that make a test fail
complaints() {
	local log=$1 test=$2
	grep -aE "$COMPLAINTS" "$log" | grep -avE \
		-e 'ommand line: ' -f <(header "$test" expect-log)
}

has_begun() { grep -qa '^\[.*blksnap-vm: .* begins' "$1/kernel"; }

# emulator_fault DIR: what the emulator, and not what is tested, did wrong; nothing
# if that cannot be shown.
#
# When a kernel changes its own text, a thread of the emulator can translate an
# instruction between the moment when old translations of it are dropped and the
# moment when the new one is in memory. The old one is then run for ever. It shows
# when it is a breakpoint: the kernel complains of an int3, and the dump of its
# code, in which <> is the byte after that, has none there. In an early part of the
# boot the kernel hangs instead, before a line of ours has run.
emulator_fault() {
	local first
	first=$(grep -aE "$COMPLAINTS" "$1/kernel" | head -n 1 || true)
	if [[ $first == *int3:* ]] && sed '1,/int3:/d' "$1/kernel" |
		grep -am 1 '\] Code: ' | grep '<' | grep -qv ' cc <'; then
		echo "the emulator ran text that had been changed"
	elif [ -z "$first" ] && ! has_begun "$1"; then
		echo "the kernel did not boot"
	fi
}

# One log of both, and what the verdict is made from
keep_log() {
	{
		echo "=== kernel"
		tr -d '\r' <"$1/kernel"
		echo "=== test"
		tr -d '\r' <"$1/output"
	} >"$2"
}

# Why the test failed; nothing if it did not. DIR TEST-FILE EMULATOR-STATUS
reason() {
	local dir=$1 file=$2 ended=$3 status
	status=$(sed -n 's/^blksnap-vm: status \([0-9]*\).*/\1/p' "$dir/output" | tail -n 1)
	if [ "$ended" = 124 ]; then
		echo "out of time"
	elif [ "$ended" != 0 ]; then
		echo "the emulator failed"
	elif complaints "$dir/kernel" "$file" >"$dir/complaints"; then
		echo "kernel: $(head -n 1 "$dir/complaints" | tr -d '\r')"
	elif [ -z "$status" ]; then
		echo "the machine went down before the test ended"
	elif [ "$status" != 0 ]; then
		echo "exit status $status"
	fi
}

# verdict KERNEL TEST DIR EMULATOR-STATUS SECONDS
verdict() {
	local why
	why=$(reason "$3" "$TESTS/$2.sh" "$4")
	if [ -z "$why" ]; then
		echo "PASS $1 $2 ${5}s"
		return 0
	fi
	# In one go, as others may be writing too
	echo "$(tail -n 25 "$3/kernel" | tr -d '\r' | sed "s/^/  kernel: /"
		tail -n 25 "$3/output" | tr -d '\r' | sed "s/^/  test: /"
		echo "FAIL $1 $2 ${5}s $why (log: $LOGS/$1/$2.log)")"
	return 1
}
