# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Builds modules for the kernels of the guests, in the cache directory.

# Copies of sources; what a build made from the last copy stays
copy_sources() {
	local to=$1
	shift
	mkdir -p "$to"
	(cd "$TOP" && rsync -aR --delete --exclude=/module/compat/config.h \
		--filter='-,p *.o' --filter='-,p *.gcno' --filter='-,p *.ko' --filter='-,p *.mod*' \
		--filter='-,p .*.cmd' --filter='-,p *.d' --filter='-,p *.log' \
		--filter='-,p /module/compat/probes/*.h' \
		--filter='-,p /tools/blksnapctl/blksnapctl' "$@" "$to")
}

# Runs a command in the trixie root, where the cache has the path it has here
in_trixie() {
	# shellcheck disable=SC2016
	unshare --mount --propagation private sh -ec '
		root=$1 cache=$2; shift 2
		mkdir -p "$root$cache"
		mount --rbind "$cache" "$root$cache"
		mount -t proc proc "$root/proc"
		exec chroot "$root" "$@"' sh "$TRIXIE" "$CACHE" "$@"
}

# in_release RELEASE COMMAND...: with the compiler of that Debian release
in_release() {
	case $1 in
	trixie) shift; in_trixie "$@" ;;
	*) shift; "$@" ;;
	esac
}

compiler() {
	case $1 in
	trixie) echo gcc-14 ;;
	*) echo gcc-12 ;;
	esac
}

# make_module NAME DIR ARGUMENTS...
make_module() {
	local name=$1 dir=$2 release
	shift 2
	release=$(kernel_field "$name" 2)
	! has_option "$name" GCOV_KERNEL || set -- GCOV_PROFILE=y "$@"
	in_release "$release" make -j2 -C "$(kernel_headers "$name")" M="$dir" \
		CC="$(compiler "$release")" "$@" modules
}

# plant KERNEL PATCH DIR OUT: the module with a bug. In DIR sources stay, so that
# the next one takes only what it changes
plant() {
	local name=$1 patch=$2 dir=$3 out=$4 log=$LOGS/build-planted-$1.log key
	# shellcheck disable=SC2046
	key=$(key_of "$patch" "$CACHE/kernel-$name/release" \
		$(find "$TOP/module" "$TOP/include" "$TOP/Kbuild" -type f | sort))
	[ ! -e "$out" ] || [ "$(cat "$out.key" 2>/dev/null)" != "$key" ] || return 0
	rm -f "$out"
	# A file that loses its bug again has to be newer than what was made of it
	copy_sources "$dir" --no-times --checksum Kbuild Makefile include module
	if ! patch -s -d "$dir" -p1 <"$patch" >"$log" 2>&1 ||
		! make_module "$name" "$dir" >>"$log" 2>&1; then
		cat "$log" >&2
		die "cannot build the module for $name with $patch"
	fi
	objcopy -g "$dir/blksnap.ko" "$out"
	echo "$key" >"$out.key"
}
