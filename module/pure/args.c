// SPDX-License-Identifier: GPL-2.0-only
/* Are the arguments of a command valid by themselves? See args.h */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#include <uapi/blksnap.h>

#include "args.h"
#include "range.h"

#define BS_STORAGE_SIZE_MAX ((u64)BS_PLACE_MAX << BS_BLOCK_SHIFT)

/* What every argument has */
static int bs_check(u32 flags, u32 known_flags, const void *reserved, size_t size)
{
	if (flags & ~known_flags || memchr_inv(reserved, 0, size))
		return -EINVAL;
	return 0;
}

int bs_args_version(const struct blksnap_version *arg)
{
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

int bs_args_tracker(const struct blksnap_tracker *arg)
{
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

int bs_args_tracker_list(const struct blksnap_tracker_list *arg)
{
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

int bs_args_snapshot_open(const struct blksnap_snapshot_open *arg)
{
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

int bs_args_snapshot_list(const struct blksnap_snapshot_list *arg)
{
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

int bs_args_add_device(const struct blksnap_add_device *arg)
{
	if (arg->pad)
		return -EINVAL;
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

static bool bs_storage_size_ok(u64 size)
{
	return !(size & (BS_BLOCK_SIZE - 1)) && size <= BS_STORAGE_SIZE_MAX;
}

static int bs_check_directory(u64 reserve, u64 limit)
{
	if (!bs_storage_size_ok(reserve) || reserve < BS_STORAGE_RESERVE_MIN)
		return -EINVAL;
	if (limit && limit < reserve)
		return -EINVAL;
	return 0;
}

int bs_args_append_storage(const struct blksnap_append_storage *arg,
			   bool is_bdev, u64 *reserve, u64 *limit)
{
	if (bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved)) ||
	    !bs_storage_size_ok(arg->limit))
		return -EINVAL;
	if (!is_bdev && bs_check_directory(arg->reserve, arg->limit))
		return -EINVAL;

	*reserve = is_bdev ? 0 : arg->reserve;
	*limit = arg->limit ? arg->limit : *reserve;
	return 0;
}

int bs_args_take(const struct blksnap_take *arg)
{
	int ret = bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));

	if (!ret && arg->fs_count > BLKSNAP_MAX_FS)
		ret = -E2BIG;
	return ret;
}

int bs_args_snapshot_info(const struct blksnap_snapshot_info *arg)
{
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

int bs_args_hold(const struct blksnap_hold *arg)
{
	if (arg->hold > 1)
		return -EINVAL;
	return bs_check(arg->flags, 0, arg->reserved, sizeof(arg->reserved));
}

int bs_args_destroy(const struct blksnap_destroy *arg)
{
	if (arg->pad)
		return -EINVAL;
	return bs_check(arg->flags, BLKSNAP_DESTROY_FORCE, arg->reserved, sizeof(arg->reserved));
}
