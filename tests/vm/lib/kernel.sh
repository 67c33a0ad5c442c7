# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A kernel to test on: image, modules and headers of Debian's packages, unpacked
# and not installed.

# The newest release of the kernel in the archive
newest_release() {
	local pattern
	pattern=$(kernel_field "$1" 3)
	private_apt "$CACHE/apt" apt-cache pkgnames linux-image- |
		sed -n -E "s/^linux-image-($pattern)\$/\1/p" | sort -V | tail -n 1
}

# Image and headers of a release, and the packages split off from them
kernel_packages() {
	echo "linux-image-$1" "linux-headers-$1"
	private_apt "$CACHE/apt" apt-cache depends \
		"linux-image-$1" "linux-headers-$1" |
		sed -n -E 's/^ *Depends: (linux-(base|binary|modules|headers|kbuild)-.*)/\1/p' |
		sort -u
}

# $CACHE/kernel-NAME: root/, release, vmlinux
make_kernel() {
	local name=$1 dir=$2 release deb
	release=$(newest_release "$name")
	[ -n "$release" ] || die "the archive has no kernel $name"
	# shellcheck disable=SC2046
	download "$dir/debs" $(kernel_packages "$release")
	for deb in "$dir"/debs/*.deb; do dpkg-deb -x "$deb" "$dir/root"; done
	rm -r "$dir/debs"
	merge_lib "$dir/root"
	unpack_image "$(find "$dir/root" -type f -name 'vmlinuz*')" "$dir/vmlinux"
	echo "$release" >"$dir/release"
	local_headers "$name" "$dir/root/usr/src/linux-headers-$release"
}

# number FILE OFFSET BYTES: a little endian number
number() { od -An -tu"$3" -j"$2" -N"$3" "$1" | tr -d ' '; }

# The ELF file in a bzImage: an emulated machine unpacks slowly. Where it is,
# is in the setup header (Documentation/arch/x86/boot.rst); its last four bytes
# are its size.
unpack_image() {
	local image=$1 out=$2 sectors start length
	sectors=$(number "$image" $((0x1f1)) 1)
	start=$(((sectors + 1) * 512 + $(number "$image" $((0x248)) 4)))
	length=$(number "$image" $((0x24c)) 4)
	dd if="$image" of="$out.packed" status=none bs=1M \
		iflag=skip_bytes,count_bytes skip="$start" count=$((length - 4))
	case $(number "$out.packed" 0 4) in
	4247762216) zstd -qdc "$out.packed" >"$out" ;;
	*) xz -qdc --single-stream "$out.packed" >"$out" ;;
	esac
	rm "$out.packed"
}

# Packages of before Debian 13 have /lib, those of later ones /usr/lib
merge_lib() {
	mkdir -p "$1/usr/lib"
	if [ -d "$1/lib" ]; then
		cp -al "$1/lib/." "$1/usr/lib/"
		rm -r "${1:?}/lib"
	fi
	ln -s usr/lib "$1/lib"
}

# The headers include the common ones by the path they get when installed
local_headers() {
	sed -i -E "s|(/usr/src/linux-headers-)|$CACHE/kernel-$1/root\1|g" "$2/Makefile"
}

kernel_release() { cat "$CACHE/kernel-$1/release"; }
kernel_headers() {
	if is_built "$1"; then
		echo "$CACHE/kernel-$1/build"
		return
	fi
	echo "$CACHE/kernel-$1/root/usr/src/linux-headers-$(kernel_release "$1")"
}

# Paths of the modules of the list and of their dependencies, in DIR
module_files() {
	local dir=$1 release=$2 name
	grep -v '^#' "$VM/modules" | while read -r name; do
		modprobe -d "$dir" -S "$release" --show-depends "$name" 2>/dev/null ||
			true
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u
}

# A segment of the initramfs: the listed modules, not compressed
make_modules_cpio() {
	local name=$1 out=$2 root=$CACHE/kernel-$1/root dir=$2.dir release
	release=$(kernel_release "$name")
	rm -rf "$dir"
	mkdir -p "$dir/usr/lib/modules/$release/kernel"
	depmod -b "$root" "$release"
	module_files "$root" "$release" |
		xargs cp -t "$dir/usr/lib/modules/$release/kernel"
	find "$dir" -name '*.ko.xz' -exec unxz {} +
	# Type data and signatures take long to load in an emulated machine
	find "$dir" -name '*.ko' -exec objcopy -g -R .BTF -R .BTF.base {} \;
	cp "$root/usr/lib/modules/$release"/modules.{builtin,order}* \
		"$dir/usr/lib/modules/$release"
	ln -s usr/lib "$dir/lib"
	depmod -b "$dir" "$release"
	rm "$dir/lib"
	pack "$dir" "$out"
	rm -r "$dir"
}

# The kernel's own scripts for checking sources, which no header package has
make_linux_scripts() {
	local dir=$1 source
	source=$(private_apt "$CACHE/apt" apt-cache pkgnames linux-source- |
		grep -E '^linux-source-[0-9.]+$' | sort -V | tail -n 1)
	download "$dir/debs" "$source"
	dpkg-deb --fsys-tarfile "$dir"/debs/*.deb |
		tar -xO "./usr/src/$source.tar.xz" |
		tar -xJ -C "$dir" --strip-components=1 --wildcards \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
			'*/scripts/const_structs.checkpatch' '*/scripts/kernel-doc*' \
			'*/tools/docs/*' '*/tools/lib/python/*' \
			'*/Documentation/dev-tools/checkpatch.rst' '*/.clang-format' \
			'*/scripts/coccinelle/*'
	rm -r "$dir/debs"
}
