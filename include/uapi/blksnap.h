/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * blksnap - point-in-time snapshots of live block devices: the contract
 * between the kernel module and userspace.
 *
 * Rules that hold for every command:
 *
 *  - CAP_SYS_ADMIN is required, whatever the mode of the device node (-EPERM).
 *  - "in" fields are read once, "out" fields are written only on success.
 *  - Unknown flags and non-zero reserved fields are refused (-EINVAL), so that
 *    they can get a meaning later.
 *  - A bad user pointer is -EFAULT, an unknown command -ENOTTY.
 *  - Devices, directories and snapshots are passed as file descriptors, never
 *    as paths. The module takes references of its own: a descriptor may be
 *    closed as soon as the call has returned.
 *  - Sizes are in bytes, positions on a device in sectors of 512 bytes, times
 *    in nanoseconds.
 *  - Arrays come as a pointer and a count: in, how many entries there is room
 *    for; out, how many exist. If there are more than there is room for, the
 *    first ones are written and the call succeeds: compare the counts.
 */
#ifndef _UAPI_BLKSNAP_H
#define _UAPI_BLKSNAP_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** BLKSNAP_CONTROL - name of the control node in /dev */
#define BLKSNAP_CONTROL "blksnap-control"

/** BLKSNAP_ID_SIZE - bytes of a snapshot's id, an RFC 4122 random UUID */
#define BLKSNAP_ID_SIZE 16

/** BLKSNAP_NAME_SIZE - bytes of a device's name, with the closing zero */
#define BLKSNAP_NAME_SIZE 32

/** BLKSNAP_MAX_MEMBERS - the most origins that one snapshot can have */
#define BLKSNAP_MAX_MEMBERS 256

#define BLKSNAP_IOC_MAGIC 0xBB

/**
 * struct blksnap_version - which module this is (%BLKSNAP_IOC_VERSION)
 * @flags: in, 0
 * @major: out, for logs only; what can be done is told by @features
 * @minor: out
 * @patch: out
 * @features: out, bits of BLKSNAP_FEATURE_*; none is defined yet
 * @reserved: in, 0
 */
struct blksnap_version {
	__u32 flags;
	__u32 major;
	__u32 minor;
	__u32 patch;
	__u64 features;
	__u64 reserved[2];
};

/** BLKSNAP_TRACKER_IN_SNAPSHOT - the origin is a member of a snapshot */
#define BLKSNAP_TRACKER_IN_SNAPSHOT (1U << 0)
/** BLKSNAP_TRACKER_AUTO - attached by a snapshot, and goes with it */
#define BLKSNAP_TRACKER_AUTO (1U << 1)

/**
 * struct blksnap_tracker_info - what is known of one tracked origin
 * @major: out, device number of the origin
 * @minor: out
 * @flags: out, bits of BLKSNAP_TRACKER_*
 * @pad: out, 0
 * @start: out, first sector of the origin on its disk
 * @sectors: out, length of the origin
 * @writes: out, write-like requests seen on the origin since it was attached
 * @snapshot_id: out, the snapshot that the origin is a member of, or zeros
 * @name: out, name of the origin as in /sys/class/block
 * @reserved: out, 0
 */
struct blksnap_tracker_info {
	__u32 major;
	__u32 minor;
	__u32 flags;
	__u32 pad;
	__u64 start;
	__u64 sectors;
	__u64 writes;
	__u8 snapshot_id[BLKSNAP_ID_SIZE];
	char name[BLKSNAP_NAME_SIZE];
	__u64 reserved[2];
};

/**
 * struct blksnap_tracker - one origin (%BLKSNAP_IOC_TRACKER_ATTACH, _DETACH
 *	and _INFO)
 * @bdev_fd: in, descriptor of an open block device
 * @flags: in, 0
 * @reserved: in, 0
 * @info: out, filled in by ATTACH and INFO; in, ignored
 */
struct blksnap_tracker {
	__s32 bdev_fd;
	__u32 flags;
	__u64 reserved[2];
	struct blksnap_tracker_info info;
};

/**
 * struct blksnap_tracker_list - all tracked origins
 *	(%BLKSNAP_IOC_TRACKER_LIST)
 * @flags: in, 0
 * @count: in, room at @trackers_ptr; out, how many there are
 * @trackers_ptr: in, array of struct blksnap_tracker_info
 * @reserved: in, 0
 */
struct blksnap_tracker_list {
	__u32 flags;
	__u32 count;
	__u64 trackers_ptr;
	__u64 reserved[2];
};

/**
 * struct blksnap_snapshot_open - a descriptor of a snapshot
 *	(%BLKSNAP_IOC_SNAPSHOT_CREATE and _OPEN)
 * @flags: in, 0
 * @fd: out, the descriptor, close-on-exec
 * @id: out of CREATE, in to OPEN
 * @reserved: in, 0
 */
struct blksnap_snapshot_open {
	__u32 flags;
	__s32 fd;
	__u8 id[BLKSNAP_ID_SIZE];
	__u64 reserved[2];
};

/**
 * struct blksnap_snapshot_list - ids of all snapshots
 *	(%BLKSNAP_IOC_SNAPSHOT_LIST)
 * @flags: in, 0
 * @count: in, room at @ids_ptr; out, how many there are
 * @ids_ptr: in, array of ids of %BLKSNAP_ID_SIZE bytes each
 * @reserved: in, 0
 */
struct blksnap_snapshot_list {
	__u32 flags;
	__u32 count;
	__u64 ids_ptr;
	__u64 reserved[2];
};

/**
 * struct blksnap_add_device - one more origin (%BLKSNAP_IOC_ADD_DEVICE)
 * @bdev_fd: in, descriptor of an open block device
 * @flags: in, 0
 * @level: in, how far above the lowest the origin lies in the stack of devices
 *	of this snapshot: of a loop device and the disk with the file system that
 *	holds its file, the disk has 0 and the loop device 1. The cut goes from
 *	the highest level to the lowest. A wrong order never harms data, but the
 *	cut may end with -ETIMEDOUT.
 * @pad: in, 0
 * @reserved: in, 0
 */
struct blksnap_add_device {
	__s32 bdev_fd;
	__u32 flags;
	__u32 level;
	__u32 pad;
	__u64 reserved[2];
};

/**
 * struct blksnap_append_storage - where old data goes
 *	(%BLKSNAP_IOC_APPEND_STORAGE)
 * @fd: in, descriptor of an open directory, in which the module makes a file
 *	without a name, or of an open block device, which is then claimed
 *	exclusively
 * @flags: in, 0
 * @reserve: in, bytes to reserve now, a multiple of 4096 and at least 1 MiB;
 *	0 only with a block device
 * @limit: in, bytes that the storage may grow to, a multiple of 4096 and at
 *	least @reserve; 0 stands for @reserve. Of a block device, this many bytes
 *	are used, 0 stands for all of it up to 16 TiB, and @reserve has no effect.
 * @reserved: in, 0
 */
struct blksnap_append_storage {
	__s32 fd;
	__u32 flags;
	__u64 reserve;
	__u64 limit;
	__u64 reserved[2];
};

/** BLKSNAP_MAX_FS - the most file systems that one TAKE can be given */
#define BLKSNAP_MAX_FS 256

/**
 * struct blksnap_take_fs - a file system to freeze (%BLKSNAP_IOC_TAKE)
 * @fd: in, descriptor of any of its files or directories
 * @level: in, as in struct blksnap_add_device: that of the origin it lies on,
 *	or a higher one if it lies on a device above the origin
 */
struct blksnap_take_fs {
	__s32 fd;
	__u32 level;
};

/**
 * struct blksnap_take - the cut (%BLKSNAP_IOC_TAKE)
 * @flags: in, 0
 * @fs_count: in, entries at @fs_ptr
 * @fs_ptr: in, array of struct blksnap_take_fs: file systems to freeze that
 *	cannot be found through the origins (btrfs up to Linux 6.12, external
 *	logs, devices above an origin). A file system that was found through its
 *	device as well is frozen once.
 * @timeout_ns: in, the longest that freezing and draining may take together
 *	(draining takes 5 seconds at most on each level), and likewise the writing
 *	out of dirty data before; 0 stands for 10 seconds, and more than an hour for
 *	an hour
 * @reserved: in, 0
 */
struct blksnap_take {
	__u32 flags;
	__u32 fs_count;
	__u64 fs_ptr;
	__u64 timeout_ns;
	__u64 reserved[2];
};

/** enum blksnap_state - life of a snapshot */
enum blksnap_state {
	/** @BLKSNAP_STATE_NEW: not taken yet: origins and storage are added */
	BLKSNAP_STATE_NEW = 1,
	/** @BLKSNAP_STATE_TAKEN: taken, the images can be read */
	BLKSNAP_STATE_TAKEN = 2,
	/** @BLKSNAP_STATE_FAILED: old data was lost, images give -EIO for good */
	BLKSNAP_STATE_FAILED = 3,
};

/** BLKSNAP_MEMBER_FROZEN - a file system on the origin was frozen at the cut */
#define BLKSNAP_MEMBER_FROZEN (1U << 0)
/** BLKSNAP_MEMBER_WHOLE_DISK - the image was scanned for partitions */
#define BLKSNAP_MEMBER_WHOLE_DISK (1U << 1)

/**
 * struct blksnap_member_info - one origin of a snapshot and its image
 * @major: out, device number of the origin
 * @minor: out
 * @image_major: out, device number of the image, 0 before the cut
 * @image_minor: out
 * @flags: out, bits of BLKSNAP_MEMBER_*
 * @block_size: out, bytes of one unit of copying
 * @sectors: out, length of the origin and of the image
 * @copied: out, bytes of old data read from the origin to be preserved
 * @stored: out, bytes of old data whose place in the storage is known
 * @held: out, requests that were held until old data was in memory
 * @discards: out, discard requests that were completed without being sent
 * @image_read: out, bytes read from the image
 * @name: out, name of the origin as in /sys/class/block
 * @image: out, name of the image likewise, empty before the cut
 * @reserved: out, 0
 */
struct blksnap_member_info {
	__u32 major;
	__u32 minor;
	__u32 image_major;
	__u32 image_minor;
	__u32 flags;
	__u32 block_size;
	__u64 sectors;
	__u64 copied;
	__u64 stored;
	__u64 held;
	__u64 discards;
	__u64 image_read;
	char name[BLKSNAP_NAME_SIZE];
	char image[BLKSNAP_NAME_SIZE];
	__u64 reserved[2];
};

/** BLKSNAP_INFO_HELD - the snapshot outlives its last descriptor */
#define BLKSNAP_INFO_HELD (1U << 0)

/**
 * struct blksnap_snapshot_info - the state of a snapshot (%BLKSNAP_IOC_INFO)
 * @flags: in, 0; out, bits of BLKSNAP_INFO_*
 * @state: out, enum blksnap_state
 * @error: out, why it failed, a negative errno, or 0
 * @count: in, room at @members_ptr; out, how many origins there are
 * @members_ptr: in, array of struct blksnap_member_info
 * @id: out
 * @taken_ns: out, instant of the cut by CLOCK_REALTIME, 0 before it
 * @pause_ns: out, from the first freeze to the last thaw: the longest that a
 *	writer can have been stopped by the cut
 * @gate_ns: out, the part of it in which requests were parked
 * @storage_used: out, bytes of the storage that hold old data, or will soon
 * @storage_reserved: out, bytes of the storage that are reserved
 * @storage_limit: out, bytes that the storage may grow to
 * @reserved: in, 0
 */
struct blksnap_snapshot_info {
	__u32 flags;
	__u32 state;
	__s32 error;
	__u32 count;
	__u64 members_ptr;
	__u8 id[BLKSNAP_ID_SIZE];
	__u64 taken_ns;
	__u64 pause_ns;
	__u64 gate_ns;
	__u64 storage_used;
	__u64 storage_reserved;
	__u64 storage_limit;
	__u64 reserved[2];
};

/**
 * struct blksnap_hold - outlive the last descriptor (%BLKSNAP_IOC_HOLD)
 * @flags: in, 0
 * @hold: in, 1 to outlive it, 0 to be released with it again
 * @reserved: in, 0
 */
struct blksnap_hold {
	__u32 flags;
	__u32 hold;
	__u64 reserved[2];
};

/** BLKSNAP_DESTROY_FORCE - release even if an image is open */
#define BLKSNAP_DESTROY_FORCE (1U << 0)

/**
 * struct blksnap_destroy - release a snapshot (%BLKSNAP_IOC_DESTROY)
 * @flags: in, bits of BLKSNAP_DESTROY_*
 * @pad: in, 0
 * @reserved: in, 0
 */
struct blksnap_destroy {
	__u32 flags;
	__u32 pad;
	__u64 reserved[2];
};

/** enum blksnap_event_type - what happened to a snapshot */
enum blksnap_event_type {
	/**
	 * @BLKSNAP_EVENT_LOW_SPACE: @value bytes are left up to the limit; with
	 * an error, the storage could not grow, and they are left of what is
	 * reserved
	 */
	BLKSNAP_EVENT_LOW_SPACE = 1,
	/** @BLKSNAP_EVENT_OVERFLOW: the storage is full, the snapshot failed */
	BLKSNAP_EVENT_OVERFLOW = 2,
	/** @BLKSNAP_EVENT_READ_ERROR: old data could not be read: it failed */
	BLKSNAP_EVENT_READ_ERROR = 3,
	/** @BLKSNAP_EVENT_STORE_ERROR: old data could not be stored: it failed */
	BLKSNAP_EVENT_STORE_ERROR = 4,
	/** @BLKSNAP_EVENT_DEVICE_GONE: an origin went away or changed its size */
	BLKSNAP_EVENT_DEVICE_GONE = 5,
	/** @BLKSNAP_EVENT_NO_MEMORY: no memory for the bookkeeping: it failed */
	BLKSNAP_EVENT_NO_MEMORY = 6,
	/** @BLKSNAP_EVENT_STORAGE_WRITTEN: somebody wrote into the storage */
	BLKSNAP_EVENT_STORAGE_WRITTEN = 7,
	/** @BLKSNAP_EVENT_LOST: @value events were dropped, the queue was full */
	BLKSNAP_EVENT_LOST = 8,
	/**
	 * @BLKSNAP_EVENT_HIBERNATION: the machine is about to hibernate, which
	 * would turn back the record of what has been preserved: it failed
	 */
	BLKSNAP_EVENT_HIBERNATION = 9,
};

/**
 * struct blksnap_event - what read() on a snapshot's descriptor returns
 * @type: enum blksnap_event_type
 * @error: negative errno that goes with it, or 0
 * @major: device that it is about, or 0
 * @minor: likewise
 * @time_ns: when it happened, by CLOCK_REALTIME
 * @value: see the type
 * @reserved: 0
 *
 * read() returns as many whole events as there are and as fit. It waits for
 * the first one (interruptibly), or fails with -EAGAIN on a non-blocking
 * descriptor; -EINVAL if not even one fits; 0, the end, once the snapshot has
 * been released. poll() gives EPOLLIN when an event can be read, EPOLLERR when
 * the snapshot has failed, EPOLLHUP when it has been released. Each event is
 * read once, whichever descriptor reads it.
 */
struct blksnap_event {
	__u32 type;
	__s32 error;
	__u32 major;
	__u32 minor;
	__u64 time_ns;
	__u64 value;
	__u64 reserved[4];
};

/*
 * Commands of the control node
 */

/** BLKSNAP_IOC_VERSION - tell the version and the features */
#define BLKSNAP_IOC_VERSION \
	_IOWR(BLKSNAP_IOC_MAGIC, 0, struct blksnap_version)

/**
 * BLKSNAP_IOC_TRACKER_ATTACH - track an origin's writes from now on
 *
 * The tracker stays until it is detached. Until then the module cannot be
 * unloaded. When the device goes away it cannot be named any more: then the
 * next ATTACH or LIST, of whatever, drops the tracker if no snapshot uses it.
 *
 * Errors: -EBADF; -ENOTBLK not a block device; -EALREADY it is attached; -EOPNOTSUPP
 * a kind of device that cannot be snapshotted: zoned, DAX, one of our own
 * images, a logical block of more than 4096 bytes, or one that bypasses the
 * block layer's submission (rw_page, up to Linux 6.1); -ENODEV the device is
 * gone or has no capacity; -EBUSY somebody else (livepatch, another snapshot
 * driver) redirects the same kernel function, or ftrace is switched off;
 * -EPROTO the hook did not see its own test requests on this kernel, or found no
 * function to redirect; -ETIMEDOUT the device hangs: it has not ended its
 * requests within 20 seconds, or those from before it was last detached within
 * 5; -EINTR; -ENOMEM.
 */
#define BLKSNAP_IOC_TRACKER_ATTACH \
	_IOWR(BLKSNAP_IOC_MAGIC, 1, struct blksnap_tracker)

/**
 * BLKSNAP_IOC_TRACKER_DETACH - stop tracking an origin
 *
 * For writes in flight it waits at most 5 seconds. If its device hangs, it
 * succeeds all the same, but the module stays in use until they have ended.
 *
 * Errors: -EBADF; -ENOTBLK; -ENOENT it is not attached; -EBUSY a snapshot uses it.
 */
#define BLKSNAP_IOC_TRACKER_DETACH \
	_IOWR(BLKSNAP_IOC_MAGIC, 2, struct blksnap_tracker)

/** BLKSNAP_IOC_TRACKER_LIST - list all tracked origins. Errors: -ENOMEM. */
#define BLKSNAP_IOC_TRACKER_LIST \
	_IOWR(BLKSNAP_IOC_MAGIC, 3, struct blksnap_tracker_list)

/**
 * BLKSNAP_IOC_TRACKER_INFO - what is known of one tracked origin
 *
 * Errors: -EBADF; -ENOTBLK; -ENOENT it is not attached.
 */
#define BLKSNAP_IOC_TRACKER_INFO \
	_IOWR(BLKSNAP_IOC_MAGIC, 4, struct blksnap_tracker)

/**
 * BLKSNAP_IOC_SNAPSHOT_CREATE - make an empty snapshot
 *
 * It is released, forced, when its last descriptor is closed, unless
 * BLKSNAP_IOC_HOLD said otherwise. Errors: -EMFILE, -ENFILE, -ENOMEM.
 */
#define BLKSNAP_IOC_SNAPSHOT_CREATE \
	_IOWR(BLKSNAP_IOC_MAGIC, 8, struct blksnap_snapshot_open)

/** BLKSNAP_IOC_SNAPSHOT_LIST - ids of all snapshots. Errors: -ENOMEM. */
#define BLKSNAP_IOC_SNAPSHOT_LIST \
	_IOWR(BLKSNAP_IOC_MAGIC, 9, struct blksnap_snapshot_list)

/**
 * BLKSNAP_IOC_SNAPSHOT_OPEN - one more descriptor of an existing snapshot
 *
 * Errors: -ENOENT no snapshot has this id; -EMFILE; -ENFILE; -ENOMEM.
 */
#define BLKSNAP_IOC_SNAPSHOT_OPEN \
	_IOWR(BLKSNAP_IOC_MAGIC, 10, struct blksnap_snapshot_open)

/*
 * Commands of a snapshot's descriptor. Each fails with -ESHUTDOWN once the
 * snapshot has been released, and with -EINTR after a fatal signal.
 */

/**
 * BLKSNAP_IOC_ADD_DEVICE - add an origin
 *
 * An origin that is not attached is attached for the time of the snapshot.
 *
 * Errors: those of TRACKER_ATTACH but -EALREADY; -EEXIST it is in this
 * snapshot; -EBUSY another snapshot has it; -EISCONN this snapshot is taken;
 * -E2BIG more than %BLKSNAP_MAX_MEMBERS.
 */
#define BLKSNAP_IOC_ADD_DEVICE \
	_IOWR(BLKSNAP_IOC_MAGIC, 16, struct blksnap_add_device)

/**
 * BLKSNAP_IOC_APPEND_STORAGE - give room for old data
 *
 * It may be called several times. After TAKE it gives a storage that runs low
 * more room (once it is full, the snapshot has failed), but never on an origin
 * of a held snapshot. Storage that lies on an origin of this snapshot is
 * reserved up to its limit at TAKE.
 *
 * Errors: -EBADF; -ENOTDIR neither a directory nor a block device; -ENOENT the
 * directory has been removed; -ENODEV the device is gone; -EINVAL sizes;
 * -EOPNOTSUPP the file system cannot give its block map or is not trusted with
 * it, the directory is copy-on-write (btrfs), encrypted, or DAX, the storage is
 * zoned or has larger logical blocks than an origin; -EROFS; -ENOSPC no room for
 * @reserve (a part of the file system is kept free); -EBUSY the block
 * device is in use, the file system is frozen, or the storage would lie on an
 * origin of a held snapshot: use another device; -EUCLEAN the file system's
 * block map did not stand the test; -ETIMEDOUT the storage's device hangs;
 * -E2BIG more than 16 TiB in all; -EIO; -ENOMEM; if nothing is tracked yet,
 * also -EBUSY and -EPROTO as TRACKER_ATTACH.
 */
#define BLKSNAP_IOC_APPEND_STORAGE \
	_IOWR(BLKSNAP_IOC_MAGIC, 17, struct blksnap_append_storage)

/**
 * BLKSNAP_IOC_TAKE - cut: all origins at one instant
 *
 * Returns when the images are there. If it fails, the snapshot is as it was
 * before the call, but storage on an origin may have been reserved up to its
 * limit.
 *
 * Errors: -EISCONN it is taken; -ENODEV no origin, or one is gone; -ENOSTR no
 * storage; -ELOOP an origin, or the disk around it, has been given as storage;
 * -EOPNOTSUPP the storage has larger logical blocks than an origin, or a file
 * system cannot be frozen; -ENOSPC the storage cannot be reserved up to its
 * limit; -EBUSY a file system is frozen by somebody else; -ETIMEDOUT writing
 * out, freezing or draining took too long; -EINTR a fatal signal; -EBADF a
 * descriptor of a file system; -E2BIG more than %BLKSNAP_MAX_FS of them; -EIO
 * the snapshot has failed already, as its storage was written to; what a file
 * system's freezing failed with; -ENOMEM.
 */
#define BLKSNAP_IOC_TAKE \
	_IOWR(BLKSNAP_IOC_MAGIC, 18, struct blksnap_take)

/** BLKSNAP_IOC_INFO - the state of the snapshot and its members. Errors: -ENOMEM. */
#define BLKSNAP_IOC_INFO \
	_IOWR(BLKSNAP_IOC_MAGIC, 19, struct blksnap_snapshot_info)

/** BLKSNAP_IOC_HOLD - whether to outlive the last descriptor */
#define BLKSNAP_IOC_HOLD \
	_IOWR(BLKSNAP_IOC_MAGIC, 20, struct blksnap_hold)

/**
 * BLKSNAP_IOC_DESTROY - release the snapshot
 *
 * The images go away, the storage is given back, trackers that the snapshot
 * attached are detached. Forced, an open image gives -EIO from now on and its
 * disk goes away at the last close. What the snapshot itself reads and writes is
 * waited for until it has ended, however long a device takes for it; as to the
 * writes of others see DETACH.
 *
 * Errors: -EBUSY an image is open, and no force.
 */
#define BLKSNAP_IOC_DESTROY \
	_IOWR(BLKSNAP_IOC_MAGIC, 21, struct blksnap_destroy)

#endif /* _UAPI_BLKSNAP_H */
