// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of a file system for our own use.
 *
 * The file is made without a name (O_TMPFILE), so that nobody can open it and
 * a crash frees it at the next mount. Its blocks are allocated but stay
 * unwritten as far as the file system knows, so that it reads as zeros
 * whatever we put there. The file system gives us the blocks through the same
 * swap_activate() callback that swapon uses, and S_SWAPFILE pins them: no
 * write, truncation, or move of the file is possible until we let it go.
 *
 * Only file systems whose callback has been tested are accepted, by name, and
 * even those are not believed: the extents are checked by the caller, and a
 * canary shows that what we store cannot be read through the file.
 *
 * Locks: the inode's lock is held from before the callback until S_SWAPFILE is
 * set, as swapon does it. The swap_info_struct lives as long as the call.
 */

#include <linux/bio.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "compat/swap.h"
#include "hook.h"
#include "mark.h"
#include "pure/range.h"
#include "swapfile.h"

/* What is kept free on the file system: a part, and never less than this. */
#define BS_FLOOR_SHIFT 6
#define BS_FLOOR_MIN (16ULL << 20)

static const char * const bs_swapfile_trusted[] = { "ext4", "xfs", "btrfs" };

static int bs_swapfile_check_fs(const struct path *dir)
{
	const char *name = dir->dentry->d_sb->s_type->name;
	size_t i;

	if (sb_rdonly(dir->dentry->d_sb))
		return -EROFS;
	if (IS_DEADDIR(d_inode(dir->dentry)))
		return -ENOENT;
	for (i = 0; i < ARRAY_SIZE(bs_swapfile_trusted); i++) {
		if (!strcmp(name, bs_swapfile_trusted[i]))
			return 0;
	}
	return -EOPNOTSUPP;
}

/*
 * To wait for somebody's thaw would stop the snapshot's other commands. A
 * freeze that begins right after is waited for.
 */
static int bs_swapfile_check_frozen(struct super_block *sb)
{
	if (!sb_start_write_trylock(sb))
		return -EBUSY;
	sb_end_write(sb);
	return 0;
}

/* Root goes past ext4's reserve: it is on us to leave something. */
static int bs_swapfile_check_room(const struct path *dir, u64 size)
{
	struct kstatfs st;
	u64 floor, avail;
	int ret = vfs_statfs(dir, &st);

	if (ret)
		return ret;
	floor = max_t(u64, (st.f_blocks * st.f_bsize) >> BS_FLOOR_SHIFT,
		      BS_FLOOR_MIN);
	avail = st.f_bavail * st.f_bsize;
	return avail < floor || avail - floor < size ? -ENOSPC : 0;
}

static int bs_swapfile_check_inode(struct inode *inode)
{
	if (IS_ENCRYPTED(inode) || IS_VERITY(inode) || IS_DAX(inode))
		return -EOPNOTSUPP;
	if (!inode->i_mapping->a_ops->swap_activate)
		return -EOPNOTSUPP;
	return 0;
}

/* ext4 and xfs without extents or reflinked: they say so in several ways. */
static int bs_swapfile_refusal(int ret)
{
	return ret == -EINVAL || ret == -ENOTSUPP || ret == -ETXTBSY ?
		-EOPNOTSUPP : ret;
}

static struct file *bs_swapfile_open(const struct path *dir, u64 size)
{
	struct file *file;
	int ret;

	file = file_open_root(dir, ".", O_TMPFILE | O_RDWR | O_LARGEFILE |
			      O_EXCL, 0600);
	if (IS_ERR(file))
		return file;
	ret = bs_swapfile_check_inode(file_inode(file));
	if (!ret)
		ret = vfs_fallocate(file, 0, 0, size);
	if (ret) {
		fput(file);
		return ERR_PTR(ret);
	}
	return file;
}

static u32 bs_swap_extents_count(const struct swap_info_struct *sis)
{
	struct rb_node *node;
	u32 nr = 0;

	for (node = rb_first(&sis->swap_extent_root); node;
	     node = rb_next(node))
		nr++;
	return nr;
}

/* The tree is ordered by page of the file, and so is the array. */
static int bs_swap_extents_copy(struct bs_swapfile *sf,
				const struct swap_info_struct *sis)
{
	unsigned long pages = sis->max;
	struct swap_extent *se;
	struct bs_extent *ext;
	struct rb_node *node;

	sf->nr = 0;
	sf->ext = kvcalloc(bs_swap_extents_count(sis), sizeof(*sf->ext),
			   GFP_KERNEL);
	if (!sf->ext)
		return -ENOMEM;
	for (node = rb_first(&sis->swap_extent_root); node;
	     node = rb_next(node)) {
		se = rb_entry(node, struct swap_extent, rb_node);
		if (se->start_page >= pages)
			break;
		ext = &sf->ext[sf->nr++];
		ext->sector = (u64)se->start_block << (PAGE_SHIFT - 9);
		ext->blocks = min(se->nr_pages, pages - se->start_page) <<
			(PAGE_SHIFT - BS_BLOCK_SHIFT);
	}
	return 0;
}

static void bs_swap_extents_free(struct swap_info_struct *sis)
{
	struct rb_node *node;

	while ((node = rb_first(&sis->swap_extent_root))) {
		rb_erase(node, &sis->swap_extent_root);
		kfree(rb_entry(node, struct swap_extent, rb_node));
	}
}

static void bs_swapfile_deactivate(struct file *file)
{
	const struct address_space_operations *ops = file->f_mapping->a_ops;
	struct inode *inode = file_inode(file);

	if (ops->swap_deactivate)
		ops->swap_deactivate(file);
	inode_lock(inode);
	inode->i_flags &= ~S_SWAPFILE;
	inode_unlock(inode);
}

static struct swap_info_struct *bs_swap_info(struct file *file, u64 size)
{
	struct swap_info_struct *sis = kvzalloc(sizeof(*sis) + nr_node_ids *
						sizeof(struct plist_node),
						GFP_KERNEL);

	if (!sis)
		return NULL;
	sis->bdev = file_inode(file)->i_sb->s_bdev;
	sis->swap_file = file;
	sis->flags = SWP_USED;
	sis->max = size >> PAGE_SHIFT;
	sis->pages = sis->max - 1;
	sis->swap_extent_root = RB_ROOT;
	return sis;
}

/* Called with the inode locked; sets S_SWAPFILE on success. */
static int bs_swapfile_call(struct bs_swapfile *sf,
			    struct swap_info_struct *sis)
{
	struct file *file = sf->file;
	sector_t span;
	int ret;

	ret = file->f_mapping->a_ops->swap_activate(sis, file, &span);
	if (ret < 0)
		return bs_swapfile_refusal(ret);
	ret = -EOPNOTSUPP;
	if (bs_swap_by_fs(sis) || !sis->bdev)
		goto deactivate;
	ret = bs_swap_extents_copy(sf, sis);
	if (ret)
		goto deactivate;
	file_inode(file)->i_flags |= S_SWAPFILE;
	inode_dio_wait(file_inode(file));
	sf->bdev = sis->bdev;
	return 0;

deactivate:
	if (file->f_mapping->a_ops->swap_deactivate)
		file->f_mapping->a_ops->swap_deactivate(file);
	return ret;
}

static int bs_swapfile_activate(struct bs_swapfile *sf, u64 size)
{
	struct inode *inode = file_inode(sf->file);
	struct swap_info_struct *sis;
	int ret;

	ret = filemap_write_and_wait(inode->i_mapping);
	if (ret)
		return ret;
	sis = bs_swap_info(sf->file, size);
	if (!sis)
		return -ENOMEM;
	inode_lock(inode);
	ret = bs_swapfile_call(sf, sis);
	inode_unlock(inode);
	bs_swap_extents_free(sis);
	kvfree(sis);
	return ret;
}

int bs_swapfile_make(struct bs_swapfile *sf, const struct path *dir, u64 size)
{
	int ret;

	memset(sf, 0, sizeof(*sf));
	ret = bs_swapfile_check_fs(dir);
	if (!ret)
		ret = bs_swapfile_check_frozen(dir->dentry->d_sb);
	if (!ret)
		ret = bs_swapfile_check_room(dir, size);
	if (ret)
		return ret;
	sf->file = bs_swapfile_open(dir, size);
	if (IS_ERR(sf->file))
		return PTR_ERR(sf->file);
	ret = bs_swapfile_activate(sf, size);
	if (ret)
		goto put_file;
	return 0;

put_file:
	fput(sf->file);
	return ret;
}

struct bs_canary {
	struct bs_mark mark;
	struct completion done;
	blk_status_t status;
};

static void bs_canary_end(struct bio *bio, struct bs_mark *mark)
{
	struct bs_canary *canary = container_of(mark, struct bs_canary, mark);

	canary->status = bio->bi_status;
	bio_put(bio);
	complete(&canary->done);
}

static int bs_canary_write(struct block_device *bdev, u64 sector,
			   struct page *page)
{
	struct bs_canary canary;
	struct bio *bio;

	init_completion(&canary.done);
	bio = bio_alloc(bdev, 1, REQ_OP_WRITE | REQ_SYNC, GFP_NOIO);
	bio->bi_iter.bi_sector = sector;
	__bio_add_page(bio, page, BS_BLOCK_SIZE, 0);
	bs_mark_set(bio, &canary.mark, bs_canary_end);
	bs_submit(bio);
	wait_for_completion_io(&canary.done);
	return blk_status_to_errno(canary.status);
}

static int bs_canary_look(struct file *file, loff_t pos, void *buf)
{
	ssize_t n = kernel_read(file, buf, BS_BLOCK_SIZE, &pos);

	if (n < 0)
		return n;
	return n != BS_BLOCK_SIZE || memchr_inv(buf, 0, BS_BLOCK_SIZE) ?
		-EUCLEAN : 0;
}

static int bs_canary_try(struct bs_swapfile *sf, u64 sector, loff_t pos)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int ret;

	if (!page)
		return -ENOMEM;
	memset(page_address(page), 0xb5, BS_BLOCK_SIZE);
	ret = bs_canary_write(sf->bdev, sector, page);
	if (!ret)
		ret = bs_canary_look(sf->file, pos, page_address(page));
	__free_page(page);
	return ret;
}

int bs_swapfile_prove(struct bs_swapfile *sf)
{
	const struct bs_extent *last = &sf->ext[sf->nr - 1];
	loff_t end = (loff_t)(last->first + last->blocks - 1) << BS_BLOCK_SHIFT;
	int ret;

	ret = bs_canary_try(sf, sf->ext[0].sector, 0);
	if (ret)
		return ret;
	return bs_canary_try(sf, last->sector +
			     bs_block_sector(last->blocks - 1), end);
}

void bs_swapfile_drop(struct bs_swapfile *sf)
{
	bs_swapfile_deactivate(sf->file);
	__fput_sync(sf->file);
}
