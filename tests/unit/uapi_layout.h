/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layout of include/uapi/blksnap.h as it has been promised: programs that
 * were built against it exist, so a line here is never changed, only added.
 *
 * Includes no C library, so that it can be checked for machines without one.
 */
#include <stddef.h>
#include <uapi/blksnap.h>

#define SIZE(type, size) \
	_Static_assert(sizeof(struct type) == (size) && (size) % 8 == 0, #type)
#define OFFSET(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member)
#define IOCTL(name, nr, size) \
	_Static_assert((name) == _IOC(_IOC_READ | _IOC_WRITE, 0xBB, nr, size), #name)
#define VALUE(name, value) _Static_assert((name) == (value), #name)

SIZE(blksnap_version, 40);
OFFSET(blksnap_version, flags, 0);
OFFSET(blksnap_version, major, 4);
OFFSET(blksnap_version, minor, 8);
OFFSET(blksnap_version, patch, 12);
OFFSET(blksnap_version, features, 16);
OFFSET(blksnap_version, reserved, 24);

SIZE(blksnap_tracker_info, 104);
OFFSET(blksnap_tracker_info, major, 0);
OFFSET(blksnap_tracker_info, minor, 4);
OFFSET(blksnap_tracker_info, flags, 8);
OFFSET(blksnap_tracker_info, pad, 12);
OFFSET(blksnap_tracker_info, start, 16);
OFFSET(blksnap_tracker_info, sectors, 24);
OFFSET(blksnap_tracker_info, writes, 32);
OFFSET(blksnap_tracker_info, snapshot_id, 40);
OFFSET(blksnap_tracker_info, name, 56);
OFFSET(blksnap_tracker_info, reserved, 88);

SIZE(blksnap_tracker, 128);
OFFSET(blksnap_tracker, bdev_fd, 0);
OFFSET(blksnap_tracker, flags, 4);
OFFSET(blksnap_tracker, reserved, 8);
OFFSET(blksnap_tracker, info, 24);

SIZE(blksnap_tracker_list, 32);
OFFSET(blksnap_tracker_list, flags, 0);
OFFSET(blksnap_tracker_list, count, 4);
OFFSET(blksnap_tracker_list, trackers_ptr, 8);
OFFSET(blksnap_tracker_list, reserved, 16);

SIZE(blksnap_snapshot_open, 40);
OFFSET(blksnap_snapshot_open, flags, 0);
OFFSET(blksnap_snapshot_open, fd, 4);
OFFSET(blksnap_snapshot_open, id, 8);
OFFSET(blksnap_snapshot_open, reserved, 24);

SIZE(blksnap_snapshot_list, 32);
OFFSET(blksnap_snapshot_list, flags, 0);
OFFSET(blksnap_snapshot_list, count, 4);
OFFSET(blksnap_snapshot_list, ids_ptr, 8);
OFFSET(blksnap_snapshot_list, reserved, 16);

SIZE(blksnap_add_device, 32);
OFFSET(blksnap_add_device, bdev_fd, 0);
OFFSET(blksnap_add_device, flags, 4);
OFFSET(blksnap_add_device, level, 8);
OFFSET(blksnap_add_device, pad, 12);
OFFSET(blksnap_add_device, reserved, 16);

SIZE(blksnap_append_storage, 40);
OFFSET(blksnap_append_storage, fd, 0);
OFFSET(blksnap_append_storage, flags, 4);
OFFSET(blksnap_append_storage, reserve, 8);
OFFSET(blksnap_append_storage, limit, 16);
OFFSET(blksnap_append_storage, reserved, 24);

SIZE(blksnap_take_fs, 8);
OFFSET(blksnap_take_fs, fd, 0);
OFFSET(blksnap_take_fs, level, 4);

SIZE(blksnap_take, 40);
OFFSET(blksnap_take, flags, 0);
OFFSET(blksnap_take, fs_count, 4);
OFFSET(blksnap_take, fs_ptr, 8);
OFFSET(blksnap_take, timeout_ns, 16);
OFFSET(blksnap_take, reserved, 24);

SIZE(blksnap_member_info, 152);
OFFSET(blksnap_member_info, major, 0);
OFFSET(blksnap_member_info, minor, 4);
OFFSET(blksnap_member_info, image_major, 8);
OFFSET(blksnap_member_info, image_minor, 12);
OFFSET(blksnap_member_info, flags, 16);
OFFSET(blksnap_member_info, block_size, 20);
OFFSET(blksnap_member_info, sectors, 24);
OFFSET(blksnap_member_info, copied, 32);
OFFSET(blksnap_member_info, stored, 40);
OFFSET(blksnap_member_info, held, 48);
OFFSET(blksnap_member_info, discards, 56);
OFFSET(blksnap_member_info, image_read, 64);
OFFSET(blksnap_member_info, name, 72);
OFFSET(blksnap_member_info, image, 104);
OFFSET(blksnap_member_info, reserved, 136);

SIZE(blksnap_snapshot_info, 104);
OFFSET(blksnap_snapshot_info, flags, 0);
OFFSET(blksnap_snapshot_info, state, 4);
OFFSET(blksnap_snapshot_info, error, 8);
OFFSET(blksnap_snapshot_info, count, 12);
OFFSET(blksnap_snapshot_info, members_ptr, 16);
OFFSET(blksnap_snapshot_info, id, 24);
OFFSET(blksnap_snapshot_info, taken_ns, 40);
OFFSET(blksnap_snapshot_info, pause_ns, 48);
OFFSET(blksnap_snapshot_info, gate_ns, 56);
OFFSET(blksnap_snapshot_info, storage_used, 64);
OFFSET(blksnap_snapshot_info, storage_reserved, 72);
OFFSET(blksnap_snapshot_info, storage_limit, 80);
OFFSET(blksnap_snapshot_info, reserved, 88);

SIZE(blksnap_hold, 24);
OFFSET(blksnap_hold, flags, 0);
OFFSET(blksnap_hold, hold, 4);
OFFSET(blksnap_hold, reserved, 8);

SIZE(blksnap_destroy, 24);
OFFSET(blksnap_destroy, flags, 0);
OFFSET(blksnap_destroy, pad, 4);
OFFSET(blksnap_destroy, reserved, 8);

SIZE(blksnap_event, 64);
OFFSET(blksnap_event, type, 0);
OFFSET(blksnap_event, error, 4);
OFFSET(blksnap_event, major, 8);
OFFSET(blksnap_event, minor, 12);
OFFSET(blksnap_event, time_ns, 16);
OFFSET(blksnap_event, value, 24);
OFFSET(blksnap_event, reserved, 32);

IOCTL(BLKSNAP_IOC_VERSION, 0, 40);
IOCTL(BLKSNAP_IOC_TRACKER_ATTACH, 1, 128);
IOCTL(BLKSNAP_IOC_TRACKER_DETACH, 2, 128);
IOCTL(BLKSNAP_IOC_TRACKER_LIST, 3, 32);
IOCTL(BLKSNAP_IOC_TRACKER_INFO, 4, 128);
IOCTL(BLKSNAP_IOC_SNAPSHOT_CREATE, 8, 40);
IOCTL(BLKSNAP_IOC_SNAPSHOT_LIST, 9, 32);
IOCTL(BLKSNAP_IOC_SNAPSHOT_OPEN, 10, 40);
IOCTL(BLKSNAP_IOC_ADD_DEVICE, 16, 32);
IOCTL(BLKSNAP_IOC_APPEND_STORAGE, 17, 40);
IOCTL(BLKSNAP_IOC_TAKE, 18, 40);
IOCTL(BLKSNAP_IOC_INFO, 19, 104);
IOCTL(BLKSNAP_IOC_HOLD, 20, 24);
IOCTL(BLKSNAP_IOC_DESTROY, 21, 24);

VALUE(BLKSNAP_ID_SIZE, 16);
VALUE(BLKSNAP_NAME_SIZE, 32);
VALUE(BLKSNAP_MAX_MEMBERS, 256);
VALUE(BLKSNAP_MAX_FS, 256);
VALUE(BLKSNAP_TRACKER_IN_SNAPSHOT, 1);
VALUE(BLKSNAP_TRACKER_AUTO, 2);
VALUE(BLKSNAP_MEMBER_FROZEN, 1);
VALUE(BLKSNAP_MEMBER_WHOLE_DISK, 2);
VALUE(BLKSNAP_INFO_HELD, 1);
VALUE(BLKSNAP_DESTROY_FORCE, 1);
VALUE(BLKSNAP_STATE_NEW, 1);
VALUE(BLKSNAP_STATE_TAKEN, 2);
VALUE(BLKSNAP_STATE_FAILED, 3);
VALUE(BLKSNAP_EVENT_LOW_SPACE, 1);
VALUE(BLKSNAP_EVENT_OVERFLOW, 2);
VALUE(BLKSNAP_EVENT_READ_ERROR, 3);
VALUE(BLKSNAP_EVENT_STORE_ERROR, 4);
VALUE(BLKSNAP_EVENT_DEVICE_GONE, 5);
VALUE(BLKSNAP_EVENT_NO_MEMORY, 6);
VALUE(BLKSNAP_EVENT_STORAGE_WRITTEN, 7);
VALUE(BLKSNAP_EVENT_LOST, 8);
VALUE(BLKSNAP_EVENT_HIBERNATION, 9);
