# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Device mapper: linear, crypt, multipath, and logical volumes, thick and thin.
# The device above, the one below, both. An image of the one below is read
# through the same mapping, laid over the image.
#
# disks: 8M 128M 48M 16M
# timeout: 600

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

# view NAME ORIGIN=IMAGE...: the mapping NAME once more, as "view-NAME", with
# images in place of origins. $MODE may be --readonly.
view() {
	local name=$1 table pair
	table=$(dmsetup table --showkeys "$name")
	shift
	for pair; do
		table=${table// $(mountpoint -x "${pair%=*}") / ${pair#*=} }
	done
	# shellcheck disable=SC2086
	dmsetup create "view-$name" $MODE --table "$table"
	VIEWS=("view-$name" "${VIEWS[@]}")
}

remove_views() {
	local view
	for view in "${VIEWS[@]}"; do dmsetup remove --retry "$view"; done
	VIEWS=()
}

# writable N: the image number N, as something that can be written
writable() {
	local cow=/tmp/cow$1 loop
	truncate -s 4M "$cow"
	loop=$(losetup --show -f "$cow")
	dmsetup create "image$1" --table "0 $(blockdev --getsz "${IMAGES[$1]}") \
snapshot ${IMAGES[$1]} $loop N 8"
	VIEWS=("image$1" "${VIEWS[@]}")
}

VIEWS=()
MODE=--readonly
load_module
modprobe -a dm-mod dm-crypt xts dm-multipath dm-round-robin dm-thin-pool \
	dm-snapshot loop

say "linear"
dmsetup create top --table "0 12289 linear /dev/vda 2049"
top=/dev/mapper/top
writers_start 0:$top:2049
round $top 0:@0:2049
round /dev/vda 0:@0
round "/dev/vda $top" 0:@0 0:@1:2049
writers_end
dmsetup remove top

say "crypt"
key=$(head -c 64 /dev/urandom | xxd -p -c 64)
dmsetup create top --table "0 8192 crypt aes-xts-plain64 $key 0 /dev/vda 8"
writers_start 0:$top
round $top 0:@0
take /dev/vda $top
view top "/dev/vda=${IMAGES[0]}"
check 0:/dev/mapper/view-top 0:@1
remove_views
release
writers_end
dmsetup remove top

say "multipath: requests are made above, the lower disk sees no bios"
dmsetup create top --table "0 16384 multipath 2 queue_mode mq 0 1 1 \
round-robin 0 1 1 /dev/vda 1"
writers_start 0:$top
round $top 0:@0
writers_end
dmsetup remove top

say "logical volumes"
conf='activation { udev_sync=0 udev_rules=0 monitoring=0 }
devices { obtain_device_list_from_udev=0 filter=["a|/dev/vd[cd]|","r|.*|"] }
global { thin_check_executable="" event_activation=0 }
backup { backup=0 archive=0 }'
mkdir -p /etc/lvm
echo "$conf" >/etc/lvm/lvm.conf
vgcreate -q vg /dev/vdc /dev/vdd
lvcreate -q -y -Wn -Zn -L 4M -n thick vg /dev/vdc
lvcreate -q -y -Wn -L 16M --poolmetadatasize 4M -T vg/pool
lvcreate -q -y -Wn -V 4M -T vg/pool -n thin
dmsetup ls --tree
thick=/dev/mapper/vg-thick thin=/dev/mapper/vg-thin
writers_start 0:$thick 1:$thin
round "$thick $thin" 0:@0 1:@1
MODE=
for origins in "/dev/vdc /dev/vdd" "/dev/vdc /dev/vdd $thin $thick"; do
	say "snapshot of $origins"
	# shellcheck disable=SC2086
	take $origins
	# The pool writes to its metadata as soon as it is there
	writable 0
	writable 1
	disks=(/dev/vdc=/dev/mapper/image0 /dev/vdd=/dev/mapper/image1)
	view vg-thick "${disks[@]}"
	view vg-pool_tmeta "${disks[@]}"
	view vg-pool_tdata "${disks[@]}"
	parts=()
	for part in pool_tmeta pool_tdata; do
		parts+=("/dev/mapper/vg-$part=/dev/mapper/view-vg-$part")
	done
	view vg-pool-tpool "${parts[@]}"
	view vg-thin /dev/mapper/vg-pool-tpool=/dev/mapper/view-vg-pool-tpool
	volumes=(0:/dev/mapper/view-vg-thick 1:/dev/mapper/view-vg-thin)
	[ ${#IMAGES[@]} = 2 ] || volumes+=(1:@2 0:@3)
	check "${volumes[@]}"
	remove_views
	losetup -D
	release
done
writers_end
vgchange -qan vg

rawctl clean
unload_module
