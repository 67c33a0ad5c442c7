# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Kinds of disks: null_blk with bios and with requests, SCSI, NVMe, logical
# blocks of 4096 bytes, polled queues.
#
# disks: 256M
# qemu: -drive file=null-co://,if=none,id=n0,format=raw,file.size=4194304,file.read-zeroes=on,snapshot=on -drive file=null-co://,if=none,id=n1,format=raw,file.size=4194304,file.read-zeroes=on,snapshot=on -device nvme,serial=nvme0,id=nvme0 -device nvme-ns,drive=n0,bus=nvme0 -device nvme-ns,drive=n1,bus=nvme0,logical_block_size=4096,physical_block_size=4096
# timeout: 600

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

STORAGE=(--storage /dev/vda)
WRITE=(-x 5)

load_module
# Without discard: where null_blk has no page yet, or no longer, it sleeps in its poll
null_disk mq queue_mode=2 size=4 poll_queues=1
null_disk mq4k queue_mode=2 size=4 blocksize=4096 discard=1
disks=(/dev/mq /dev/mq4k /dev/nvme0n1 /dev/nvme0n2 /dev/sda)
# Gone from the kernel since 6.11
if null_disk bio queue_mode=0 size=4; then disks+=(/dev/bio); fi
modprobe nvme poll_queues=1
modprobe sd_mod
modprobe scsi_debug dev_size_mb=4 sector_size=512 lbpws=1 delay=0
wait_for 10 test -b /dev/sda -a -b /dev/nvme0n1 -a -b /dev/nvme0n2
lsblk -o NAME,SIZE,LOG-SEC

volumes=() images=()
for disk in "${disks[@]}"; do
	images+=("${#images[@]}:@${#images[@]}")
	volumes+=("${#volumes[@]}:$disk")
done
writers_start "${volumes[@]}"
for disk in mq nvme0n1 nvme0n2; do
	same "polling of $disk" "$(cat /sys/block/$disk/queue/io_poll)" 1
done
# Not by ioctl() in between: who waits there does not poll, and what is in flight
# by then would keep the attaching waiting
WRITE=()
DOORS=poll writers 0:/dev/mq 2:/dev/nvme0n1 3:/dev/nvme0n2
round "${disks[*]}" "${images[@]}"
# Once a disk is attached, nothing has to be polled for any more
for disk in mq nvme0n1 nvme0n2; do blksnapctl attach /dev/$disk; done
WRITE=(-x 40)
DOORS=poll writers 0:/dev/mq 2:/dev/nvme0n1 3:/dev/nvme0n2
for _ in 1 2 3 4; do
	take /dev/mq /dev/nvme0n1 /dev/nvme0n2
	release
done
round "${disks[*]}" "${images[@]}"
writers_end

# The disks below an image get the buffers of its direct readers as they are
for disk in mq mq4k; do
	id=$(blksnapctl create "${STORAGE[@]}" /dev/$disk | head -n 1)
	same "alignment of buffers, $disk" \
		"$(cat /sys/block/blksnap0/queue/dma_alignment)" \
		$(($(blockdev --getss /dev/$disk) - 1))
	blksnapctl release "$id"
done

for disk in mq nvme0n1 nvme0n2; do blksnapctl detach /dev/$disk; done
rawctl clean
unload_module
