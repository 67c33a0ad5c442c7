# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Kernels built from Debian's source package, with no more than the tests use: the
# smallest configuration there is, and tests/vm/config on top of that.

# The source tree of a package
make_source() {
	local package=$1 dir=$2
	download "$dir.debs" "$package"
	mkdir -p "$dir"
	dpkg-deb --fsys-tarfile "$dir.debs"/*.deb |
		tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$dir" --strip-components=1
	rm -r "$dir.debs"
}

# source_key PACKAGE: its version in the archive
source_key() {
	key_of "$(declare -f make_source)" "$(private_apt "$CACHE/apt" \
		apt-cache show "$1" | sed -n 's/^Version: //p' | sort -V | tail -n 1)"
}

# configure SOURCE OUT NAME CONFIG: what was asked for and did not come about is an
# error, or options that were renamed would be missed by nobody
configure() {
	local source=$1 out=$2 name=$3 config=$4 option value
	make -s -C "$source" O="$out" CC=gcc-12 tinyconfig
	cat "$VM/config/base" "$VM/config/$config" >>"$out/.config"
	echo "CONFIG_LOCALVERSION=\"-${name#*-}\"" >>"$out/.config"
	make -s -C "$out" CC=gcc-12 olddefconfig
	sed '/^CONFIG_/!d; s/=/ /' "$VM/config/base" "$VM/config/$config" |
		while read -r option value; do
			case $value in
			n) ! grep "^$option=" "$out/.config" ;;
			*) grep -q "^$option=$value$" "$out/.config" ;;
			esac || die "the kernel cannot have $option=$value"
		done
}

# $CACHE/kernel-NAME: root/, release, vmlinux as of a package, and build/, which
# modules are built with
make_built_kernel() {
	local name=$1 dir=$2 source out=$2/build
	source=$CACHE/$(kernel_field "$name" 3)
	mkdir -p "$out"
	configure "$source" "$out" "$name" "$(kernel_field "$name" 4)"
	# Races are looked for in the module: the kernel's own have other readers
	make -s -j"$(nproc)" -C "$out" CC=gcc-12 KCSAN_SANITIZE=n vmlinux modules
	make -s -C "$out" INSTALL_MOD_PATH="$dir/root" INSTALL_MOD_STRIP=1 \
		modules_install
	make -s -C "$out" kernelrelease >"$dir/release"
	objcopy -S "$out/vmlinux" "$dir/vmlinux"
	merge_lib "$dir/root"
	find "$out" \( -name '*.o' -o -name '*.ko' -o -name '*.a' \) \
		! -path '*/scripts/*' ! -path '*/tools/*' -delete
	rm -f "$out"/vmlinux* "$out"/.tmp_vmlinux*
	# The directory gets another name when it is complete
	sed -i "s|$dir|${dir%.new}|g" "$out/Makefile"
}
