# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# One virtual machine that runs one test: its disks, its initramfs, its end.

. "$VM/lib/verdict.sh"

TESTS=${TESTS:-$VM/t}

# The emulator of the trixie root, by that root's dynamic linker: this machine's
# own is too old to emulate a kernel that patches its text. It does not outlive
# this process, however that ends.
qemu() {
	local lib=$TRIXIE/usr/lib/x86_64-linux-gnu
	QEMU_MODULE_DIR=$lib/qemu exec setpriv --pdeathsig KILL \
		"$TRIXIE/lib64/ld-linux-x86-64.so.2" \
		--library-path "$lib" "$TRIXIE/usr/bin/qemu-system-x86_64" \
		-L "$TRIXIE/usr/share/seabios" -L "$TRIXIE/usr/share/qemu" "$@"
}

# What differs from test to test and from build to build
overlay() {
	local kernel=$1 test=$2 dir=$3/overlay
	mkdir -p "$dir/test/t" "$dir/test/bin" "$dir/usr/bin"
	cp "$VM/guest/init" "$dir/init"
	cp "$VM/guest/lib.sh" "$dir/test/lib.sh"
	cp -r "$VM/guest/." "$dir/test"
	cp "$TESTS/$test.sh" "$dir/test/t"
	cp "${MODULE:-$BUILD/$kernel/blksnap.ko}" "$dir/test/blksnap.ko" 2>/dev/null || true
	cp "$BUILD/$kernel-kmod"/tests/vm/kmod/*.ko "$dir/test" 2>/dev/null || true
	if [ "$(header "$TESTS/$test.sh" planted)" = yes ]; then
		mkdir "$dir/test/planted"
		cp "$BUILD/planted-$kernel"/*.ko "$dir/test/planted"
	fi
	cp "$BUILD/cli/tools/blksnapctl/blksnapctl" "$dir/usr/bin" 2>/dev/null || true
	cp "$BUILD"/helpers/* "$dir/usr/bin" 2>/dev/null || true
	(cd "$dir" && find . | cpio --quiet -o -H newc -R 0:0)
}

# Arguments for a disk: FILE NUMBER SERIAL [OPTIONS]. All disks have DISK_OPTIONS
disk() {
	echo -drive "file=$1,if=none,id=d$2,format=raw,cache=unsafe,discard=unmap${4:-}${DISK_OPTIONS:-}"
	echo -device "virtio-blk-pci,drive=d$2,serial=$3"
}

disks() {
	local test=$1 dir=$2 n=0 size
	for size in $(header "$test" disks); do
		case $size in
		random:*) head -c "${size#*:}" /dev/urandom >"$dir/disk$n" ;;
		*) truncate -s "$size" "$dir/disk$n" ;;
		esac
		disk "$dir/disk$n" $n disk$n
		n=$((n + 1))
	done
	if [ "$(header "$test" payload)" = yes ]; then
		disk "$CACHE/payload.img" $n payload ,read-only=on
	fi
}

# The fastest to emulate of those tried: newer ones have more for the emulator
# to check at every access to memory
CPU=${CPU:-Nehalem}

# start KERNEL TEST DIR SECONDS: the MACHINE; the logs are DIR/kernel and DIR/output
start() {
	local kernel=$1 test=$2 dir=$3 seconds=$4 file=$TESTS/$2.sh memory
	memory=$(memory_for "$kernel" "$(header "$file" memory)")
	{
		cat "$CACHE/guest.cpio" "$CACHE/modules-$kernel.cpio"
		overlay "$kernel" "$test" "$dir"
	} >"$dir/initramfs"
	# shellcheck disable=SC2046,SC2086
	qemu -accel tcg -cpu "$CPU" -smp 2 \
		-m "${MEMORY:-$memory}" -nodefaults -no-user-config \
		-display none -no-reboot \
		-serial "file:$dir/kernel" -serial "file:$dir/output" \
		-serial "file:$dir/coverage" \
		-kernel "$CACHE/kernel-$kernel/vmlinux" -initrd "$dir/initramfs" \
		-append "$(command_line "$test" "$seconds") $(detectors "$kernel") \
			$(header "$file" bootargs)" \
		$(disks "$file" "$dir") $(header "$file" qemu) \
		${MACHINE_OPTIONS:-} &
	MACHINE=$!
}

# boot KERNEL TEST DIR SECONDS: a machine, to its end
boot() {
	start "$@"
	wait_for_machine "$MACHINE" "$3" "$4"
}

# memory_for KERNEL SIZE: KASAN keeps books of all that is in memory
memory_for() {
	local size=${2:-1G}
	has_option "$1" KASAN || { echo "$size"; return; }
	echo $(($(numfmt --from=iec "$size") / 1048576 + 768))M
}

# The emulator has one clock for all processors, so a pause of the host is all that
# the kernel could find wrong with it; and it would change its text in mid-test
command_line() {
	echo "console=ttyS0 no_timer_check tsc=reliable loglevel=5" \
		"log_buf_len=4M printk.time=1 panic=-1 oops=panic mitigations=off watchdog_thresh=30" \
		"rcupdate.rcu_cpu_stall_timeout=60 workqueue.watchdog_thresh=60" \
		"blksnap.test=$1 blksnap.timeout=$2" \
		"${BLKSNAP_SEED:+BLKSNAP_SEED=$BLKSNAP_SEED}" \
		"${BLKSNAP_SLOW:+BLKSNAP_SLOW=$BLKSNAP_SLOW}" \
		"${BLKSNAP_MINUTES:+BLKSNAP_MINUTES=$BLKSNAP_MINUTES}" \
		"${BLKSNAP_BENCH:+BLKSNAP_BENCH=$BLKSNAP_BENCH}"
}

# Checks of all caches keep SLUB from its arrays of free objects for each CPU, which
# never forget what came out of them: with these kmemleak takes no object for lost.
# The detector of races looks at the module alone, so it can look often and for long.
detectors() {
	! has_option "$1" KCSAN || echo "kcsan.skip_watch=50 kcsan.udelay_task=300"
	! has_option "$1" KASAN || echo "page_poison=1 slab_debug=F;FZPU,bs_*"
}

# A kernel that has not come as far as the test by then never does
BOOT_SECONDS=$((90 * ${BLKSNAP_SLOW:-1}))

# Ends the emulator when time is up: PID DIR SECONDS
wait_for_machine() {
	local pid=$1 dir=$2 boot=$((SECONDS + BOOT_SECONDS)) end=$((SECONDS + $3))
	while kill -0 "$pid" 2>/dev/null; do
		if [ "$SECONDS" -ge "$end" ] ||
			{ [ "$SECONDS" -ge "$boot" ] && ! has_begun "$dir"; }; then
			kill -KILL "$pid"
			wait "$pid" 2>/dev/null || true
			return 124
		fi
		sleep 0.1
	done
	wait "$pid"
}

# run_test KERNEL TEST: runs it and says how it went. What the emulator does wrong
# is no verdict on the test: it is told, and the test has one more machine
run_test() {
	local kernel=$1 test=$2 file=$TESTS/$2.sh fault
	[ -f "$file" ] || die "there is no test $file"
	if ! runs_on "$file" "$kernel"; then
		echo "SKIP $kernel $test"
		return 0
	fi
	mkdir -p "$CACHE/run" "$LOGS/$kernel"
	run_machine "$kernel" "$test"
	fault=$(emulator_fault "$WORK")
	if [ -n "$fault" ]; then
		echo "AGAIN $kernel $test: $fault (log: $LOGS/$kernel/$test.fault.log)"
		mv "$LOGS/$kernel/$test.log" "$LOGS/$kernel/$test.fault.log"
		rm -rf "$WORK"
		run_machine "$kernel" "$test"
	fi
	verdict "$kernel" "$test" "$WORK" "$ENDED" "$TOOK" || ENDED=1
	rm -rf "$WORK"
	return "$ENDED"
}

# run_machine KERNEL TEST: sets WORK, a directory with all the machine left, ENDED
# and TOOK
run_machine() {
	local kernel=$1 test=$2 seconds start=$SECONDS
	seconds=${TIMEOUT:-$(header "$TESTS/$test.sh" timeout)}
	seconds=$((${seconds:-120} * ${BLKSNAP_SLOW:-1}))
	WORK=$(mktemp -d "$CACHE/run/$kernel-$test.XXXXXX")
	touch "$WORK/kernel" "$WORK/output"
	[ -z "$VERBOSE" ] || show_live "$WORK"
	ENDED=0
	boot "$kernel" "$test" "$WORK" "$seconds" || ENDED=$?
	[ -z "$VERBOSE" ] || end_live
	keep_log "$WORK" "$LOGS/$kernel/$test.log"
	[ ! -s "$WORK/coverage" ] || cp "$WORK/coverage" "$LOGS/$kernel/$test.gcda.tgz"
	TOOK=$((SECONDS - start))
}

# runs_on FILE KERNEL
runs_on() {
	local only
	only=$(header "$1" kernels)
	case " ${only:-$2} " in *" $2 "*) ;; *) return 1 ;; esac
}

show_live() {
	tail -n +1 -q -F "$1/output" 2>/dev/null &
	LIVE=$!
}

end_live() {
	sleep 0.3
	kill "$LIVE"
	wait "$LIVE" 2>/dev/null || true
}
