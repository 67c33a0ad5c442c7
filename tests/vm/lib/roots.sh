# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The roots made of Debian packages: trixie, which has the emulator and a newer
# compiler; the guest's; and the payload, a disk full of files.

# bootstrap VARIANT SUITES PACKAGES DIR. In a mount name space of its own:
# whatever happens, nothing stays mounted.
bootstrap() {
	# shellcheck disable=SC2046,SC2086
	unshare --mount --propagation private \
		mmdebstrap --quiet --mode=root --variant="$1" --keyring="$KEYRING" \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$(packages "$3" | paste -sd,)" \
		"${2%% *}" "$4" - < <(sources $2)
}

make_trixie() { bootstrap minbase "trixie trixie-security" trixie "$1"; }

# The guest's programs that are of no use in a test and large, or that come
# with libraries that are
GUEST_WITHOUT='perl* python* pydoc* dpkg* deb* udevadm systemd-* *.py
	*3.11 cpan* lto-* gcore'

# Programs and the libraries they need, laid out below one /usr
make_guest() {
	local from=$1.from dir=$1
	rm -rf --one-file-system "$from"
	bootstrap extract "bookworm bookworm-security" guest "$from"
	guest_programs "$from" "$dir"
	guest_libraries "$from" "$dir"
	guest_without_icu "$dir"
	guest_files "$from" "$dir"
	guest_programs_start "$dir"
	rm -rf --one-file-system "$from"
}

guest_programs() {
	local from=$1 dir=$2 pattern
	mkdir -p "$dir/usr/bin" "$dir/usr/sbin"
	cp -a "$from"/bin/. "$from"/usr/bin/. "$dir/usr/bin"
	cp -a "$from"/sbin/. "$from"/usr/sbin/. "$dir/usr/sbin"
	for pattern in $GUEST_WITHOUT; do
		find "$dir/usr/bin" "$dir/usr/sbin" -name "$pattern" -delete
	done
	ln -sf mawk "$dir/usr/bin/awk"
	ln -sfn usr/bin "$dir/bin"
	ln -sfn usr/sbin "$dir/sbin"
	mkdir -p "$dir/usr/lib/x86_64-linux-gnu" "$dir/usr/lib64"
	ln -sfn usr/lib "$dir/lib"
	ln -sfn usr/lib64 "$dir/lib64"
}

# What the dynamic linker finds for the programs, and for helpers of tests
guest_libraries() {
	local from=$1 dir=$2 libs=usr/lib/x86_64-linux-gnu
	cp -aL "$from/lib64/ld-linux-x86-64.so.2" "$dir/usr/lib64"
	find "$dir/usr/bin" "$dir/usr/sbin" -type f -exec \
		"$from/lib64/ld-linux-x86-64.so.2" --inhibit-cache --library-path \
		"$from/lib/x86_64-linux-gnu:$from/$libs:$from/$libs/ceph" \
		--list {} \; 2>/dev/null |
		sed -n 's/.* => \(\/.*\) (0x.*/\1/p' | sort -u |
		xargs cp -Lt "$dir/$libs"
	cp -Lt "$dir/$libs" "$from/$libs"/libcmocka.so.0 "$from/$libs"/libuuid.so.1 \
		"$from"/lib/x86_64-linux-gnu/libgcc_s.so.1
}

# A program that lacks a library would be missed by a test only when it runs
guest_programs_start() {
	local program output
	for program in "$1"/usr/bin/* "$1"/usr/sbin/*; do
		[ -x "$program" ] || continue
		output=$(chroot "$1" /lib64/ld-linux-x86-64.so.2 --list \
			"${program#"$1"}" 2>&1) && continue
		case $output in
		*'error while loading shared libraries'*'cannot open shared'*)
			die "in the guest's root: $output" ;;
		esac
	done
}

# Tables of Unicode, a third of all: a library of fio's network engines names
# them, and nothing that tests run looks at them
guest_without_icu() {
	local file
	for file in "$1"/usr/lib/x86_64-linux-gnu/libicudata.so.*; do
		echo "const char icudt${file##*.}_dat[16];" |
			cc -shared -x c -o "$file" -Wl,-soname,"${file##*/}" -
	done
}

guest_files() {
	local from=$1 dir=$2
	mkdir -p "$dir"/{dev,proc,sys,run,tmp,mnt,root,test,etc,var/lib,var/log}
	cp "$from/etc/mke2fs.conf" "$dir/etc"
	echo "root:x:0:0::/root:/bin/bash" >"$dir/etc/passwd"
	printf '%s\n' root:x:0: disk:x:6: tty:x:5: >"$dir/etc/group"
	ln -s /proc/self/mounts "$dir/etc/mtab"
	ln -s /run "$dir/var/run"
	ln -s /run/lock "$dir/var/lock"
	touch "$dir/etc/fstab" "$dir/etc/ld.so.cache"
	echo blksnap-vm >"$dir/etc/hostname"
}

# DIR OUT: a segment of an initramfs, owned by root, the same every time
pack() {
	(cd "$1" && find . -print0 | LC_ALL=C sort -z |
		cpio --quiet --null --create --format=newc --owner=0:0 >"$2")
}

make_guest_cpio() {
	rm -rf --one-file-system "$1.dir" # of a run that was interrupted
	make_guest "$1.dir"
	pack "$1.dir" "$1"
	rm -rf --one-file-system "$1.dir"
}

# An ext4 image with the real files of a Debian root
make_payload() {
	truncate -s 1G "$1"
	mke2fs -q -t ext4 -m 0 -L payload -d "$TRIXIE" "$1"
}
