// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The devices to make a snapshot of
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "origins.h"
#include "util.h"

static int open_fail(const struct host *h, const char *path, int err)
{
	const char *remedy = "check the name, \"lsblk\" lists the devices";

	switch (err) {
	case -ENOTBLK:
		report(h, path, "name one, \"lsblk\" lists them",
		       "it is not a block device");
		break;
	case -ENOMEDIUM:
	case -ENXIO:
		report(h, path, "check the device",
		       "the device is gone, or has no medium");
		break;
	case -EACCES:
	case -EPERM:
		report(h, path, "run it as root", "not permitted");
		break;
	default:
		report(h, path, err == -ENOENT ? remedy : NULL, "%s",
		       strerror(-err));
	}
	return -1;
}

int origin_open(const struct host *h, const char *path, struct origin *o)
{
	o->path = path;
	o->fd = h->open_bdev(path, O_RDONLY, &o->dev);
	return o->fd < 0 ? open_fail(h, path, o->fd) : 0;
}

int origins_open(const struct host *h, const struct topology *t,
		 char *const paths[], size_t count, struct origins *o)
{
	struct origin *origin;

	memset(o, 0, sizeof(*o));
	o->list = xcalloc(count, sizeof(*o->list));
	while (o->count < count) {
		origin = &o->list[o->count];
		if (origin_open(h, paths[o->count], origin))
			return -1;
		devs_add(&o->devs, origin->dev);
		o->size += topology_size(t, origin->dev);
		o->count++;
	}
	return 0;
}

void origins_close(struct origins *o)
{
	size_t i;

	for (i = 0; i < o->count; i++)
		close(o->list[i].fd);
	free(o->list);
	devs_free(&o->devs);
	memset(o, 0, sizeof(*o));
}

const char *origins_path(const struct origins *o, dev_t dev)
{
	size_t i;

	for (i = 0; i < o->count; i++)
		if (o->list[i].dev == dev)
			return o->list[i].path;
	return "a device of the snapshot";
}

static int track_one(const struct host *h, int ctl, const char *path,
		     unsigned long cmd)
{
	struct blksnap_tracker arg = { .flags = 0 };
	struct origin o;
	int err;

	if (origin_open(h, path, &o))
		return EXIT_FAILURE;
	arg.bdev_fd = o.fd;
	err = ctl_ioctl(h, ctl, cmd, &arg);
	close(o.fd);
	return err ? ctl_fail(h, path, cmd, err) : EXIT_SUCCESS;
}

int origins_each(const struct host *h, char *const paths[], size_t count,
		 unsigned long cmd)
{
	int code = EXIT_SUCCESS;
	size_t i;
	int ctl;

	ctl = ctl_open(h);
	if (ctl < 0)
		return EXIT_FAILURE;
	for (i = 0; i < count; i++)
		if (track_one(h, ctl, paths[i], cmd))
			code = EXIT_FAILURE;
	close(ctl);
	return code;
}

int origins_add(const struct host *h, const struct topology *t,
		const struct origins *o, int snapshot)
{
	struct blksnap_add_device arg;
	size_t i;
	int err;

	for (i = 0; i < o->count; i++) {
		memset(&arg, 0, sizeof(arg));
		arg.bdev_fd = o->list[i].fd;
		arg.level = topology_level(t, o->list[i].dev, &o->devs);
		err = ctl_ioctl(h, snapshot, BLKSNAP_IOC_ADD_DEVICE, &arg);
		if (err) {
			ctl_fail(h, o->list[i].path, BLKSNAP_IOC_ADD_DEVICE,
				 err);
			return -1;
		}
	}
	return 0;
}
