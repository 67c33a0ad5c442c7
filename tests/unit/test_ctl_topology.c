// SPDX-License-Identifier: GPL-2.0-or-later
/* Which device lies on which */
#include "test_ctl_fake.h"
#include "freeze.h"

#define SDA makedev(8, 0)
#define SDA1 makedev(8, 1)
#define SDA2 makedev(8, 2)
#define SDB makedev(8, 16)
#define DM0 makedev(253, 0)
#define DM1 makedev(253, 1)
#define LOOP0 makedev(7, 0)
#define LOOP0P1 makedev(259, 0)

/*
 * dm-0 on sda2, dm-1 on dm-0 and sdb; loop0 with partitions, its file on the
 * file system of dm-0; ext4 on sda1
 */
static int setup(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_disk("sda", "8:0", 1 << 30);
	fake_partition("sda", "sda1", "8:1", 1 << 20);
	fake_partition("sda", "sda2", "8:2", 1 << 20);
	fake_disk("sdb", "8:16", 1 << 30);
	fake_disk("dm-0", "253:0", 1 << 20);
	fake_disk("dm-1", "253:1", 1 << 20);
	fake_disk("loop0", "7:0", 1 << 20);
	fake_partition("loop0", "loop0p1", "259:0", 1 << 19);
	fake_stack("dm-0", "sda2");
	fake_stack("dm-1", "dm-0");
	fake_stack("dm-1", "sdb");
	fake_loop("loop0", "/data/disk.img");
	fake_mount(1, "8:1", "/", "ext4", "/dev/sda1", "rw");
	fake_mount(2, "253:0", "/data", "ext4", "/dev/mapper/data", "rw");
	fake_topology();
	return 0;
}

static void partitions_have_disks(void **state)
{
	const struct topology *t = &fake.topology;

	(void)state;
	assert_int_equal(topology_disk(t, SDA1), SDA);
	assert_int_equal(topology_disk(t, SDA), SDA);
	assert_int_equal(topology_disk(t, DM0), DM0);
	assert_int_equal(topology_disk(t, makedev(99, 9)), makedev(99, 9));
	assert_int_equal(topology_size(t, SDA1), 1 << 20);
	assert_int_equal(topology_size(t, makedev(99, 9)), 0);
}

static void overlap_is_of_sectors(void **state)
{
	const struct topology *t = &fake.topology;

	(void)state;
	assert_true(topology_overlap(t, SDA1, SDA1));
	assert_true(topology_overlap(t, SDA1, SDA));
	assert_true(topology_overlap(t, SDA, SDA2));
	assert_false(topology_overlap(t, SDA1, SDA2));
	assert_false(topology_overlap(t, SDA, SDB));
	assert_false(topology_overlap(t, DM0, SDA2));
}

static void all_below_is_found(void **state)
{
	const struct topology *t = &fake.topology;
	struct devs below = { NULL, 0 };

	(void)state;
	topology_below(t, LOOP0P1, &below);
	assert_int_equal(below.count, 2);
	assert_true(devs_has(&below, DM0));
	assert_true(devs_has(&below, SDA2));
	devs_free(&below);
	topology_below(t, DM1, &below);
	assert_int_equal(below.count, 3);
	assert_true(devs_has(&below, SDB));
	devs_free(&below);
	topology_below(t, SDA1, &below);
	assert_int_equal(below.count, 0);
}

static unsigned int level(dev_t dev, dev_t a, dev_t b, dev_t c)
{
	dev_t list[] = { a, b, c };
	struct devs origins = { list, 3 };

	return topology_level(&fake.topology, dev, &origins);
}

static void levels_count_origins_below(void **state)
{
	(void)state;
	assert_int_equal(level(SDA, SDA, DM0, LOOP0), 0);
	assert_int_equal(level(DM0, SDA, DM0, LOOP0), 1);
	assert_int_equal(level(LOOP0, SDA, DM0, LOOP0), 2);
	/* A partition is as high as its disk, on either end */
	assert_int_equal(level(SDA2, SDA2, SDA, LOOP0P1), 0);
	assert_int_equal(level(LOOP0P1, SDA2, SDA, LOOP0P1), 1);
	/* What lies between but is no origin does not count */
	assert_int_equal(level(LOOP0, SDA, LOOP0, SDB), 1);
	assert_int_equal(level(DM1, SDB, DM1, DM1), 1);
	/* Alone at the top is 0 */
	assert_int_equal(level(LOOP0, LOOP0, LOOP0, LOOP0), 0);
}

static void names_with_blanks_and_loops_end(void **state)
{
	(void)state;
	/* Two devices on each other, which sysfs cannot show but in a race */
	fake_disk("dm-8", "253:8", 1 << 20);
	fake_disk("dm-9", "253:9", 1 << 20);
	fake_stack("dm-8", "dm-9");
	fake_stack("dm-9", "dm-8");
	level(makedev(253, 8), makedev(253, 8), makedev(253, 9), SDA);
	fake_disk("loop1", "7:1", 1 << 20);
	fake_loop("loop1", "/a b/c (deleted)");
	fake_mount(3, "8:16", "/a\\040b", "ext4", "/dev/sdb", "rw");
	fake_topology();
	assert_int_equal(level(makedev(7, 1), makedev(7, 1), SDB, SDB), 1);
}

static dev_t above(dev_t storage, dev_t origin)
{
	struct devs set = { &storage, 1 }, origins = { &origin, 1 };

	return topology_above(&fake.topology, &set, &origins);
}

static void above_is_through_other_devices_only(void **state)
{
	(void)state;
	assert_int_equal(above(SDA1, SDA1), 0);
	assert_int_equal(above(SDA1, SDA), 0);
	assert_int_equal(above(DM0, SDA1), 0);
	assert_int_equal(above(DM0, DM0), 0);
	assert_int_equal(above(DM0, DM1), 0);
	assert_int_equal(above(DM0, SDA), SDA);
	assert_int_equal(above(DM0, SDA2), SDA2);
	assert_int_equal(above(LOOP0P1, DM0), DM0);
	assert_int_equal(above(LOOP0P1, SDA), SDA);
	assert_int_equal(above(LOOP0, SDB), 0);
}

static void file_systems_lie_on_devices(void **state)
{
	const struct topology *t = &fake.topology;
	struct devs set = { NULL, 0 };
	struct mount btrfs = {
		.dev = makedev(0, 40), .fstype = (char *)"btrfs",
		.source = (char *)"/dev/sda1", .options = (char *)"rw",
	};
	struct mount xfs = {
		.dev = DM0, .fstype = (char *)"xfs", .source = (char *)"x",
		.options = (char *)"rw,logdev=/dev/sdb",
	};
	struct mount tmpfs = {
		.dev = makedev(0, 41), .fstype = (char *)"tmpfs",
		.source = (char *)"sda", .options = (char *)"rw",
	};

	(void)state;
	fake_btrfs("0-1-2", "sdb");
	fake_btrfs("3-4-5", "sda1");
	fake_btrfs("3-4-5", "dm-1");
	topology_fs(t, &btrfs, &set);
	assert_int_equal(set.count, 2);
	assert_true(devs_has(&set, SDA1));
	assert_true(devs_has(&set, DM1));
	devs_free(&set);
	topology_fs(t, &xfs, &set);
	assert_int_equal(set.count, 2);
	assert_true(devs_has(&set, SDB));
	devs_free(&set);
	topology_fs(t, &tmpfs, &set);
	assert_int_equal(set.count, 0);
}

static size_t freeze_count(dev_t origin)
{
	struct devs origins = { &origin, 1 };
	struct freeze_list list;
	size_t count;

	freeze_find(&fake.host, fake_topology(), &origins, &list);
	count = list.count;
	freeze_close(&list);
	return count;
}

static void help_is_given_where_it_is_needed(void **state)
{
	int id = fake_mount_id(fake.dir);

	(void)state;
	/* By their device the kernel finds them itself */
	assert_int_equal(freeze_count(SDA1), 0);
	assert_int_equal(freeze_count(DM0), 0);
	fflush(fake.host.err);
	assert_string_equal(fake.err, "");
	/* It is not really mounted there: said, and left alone */
	assert_int_equal(freeze_count(SDA), 0);
	fflush(fake.host.err);
	assert_has(fake.err, "/data: the file system cannot be opened");
	/* A btrfs of which the origin is the second device */
	fake_btrfs("0-1-2", "dm-1");
	fake_btrfs("0-1-2", "sdb");
	fake_mount(id, "0:55", fake.dir, "btrfs", "/dev/dm-1", "rw");
	assert_int_equal(freeze_count(SDB), 1);
	/* A loop device's file lies on it: that one is not for freezing */
	fake_mount(9, "7:0", "/image", "ext4", "/dev/loop0", "rw");
	assert_int_equal(freeze_count(DM0), 1);
	fflush(fake.host.err);
	assert_has_not(fake.err, "/image");
	/* It lies on the disk below as well, through dm-1 */
	assert_int_equal(freeze_count(SDA2), 1);
	assert_int_equal(freeze_count(SDA1), 0);
}

static void read_only_and_hidden_ones_are_left(void **state)
{
	int id = fake_mount_id(fake.dir);

	(void)state;
	fake_btrfs("0-1-2", "sdb");
	fake_mount(id, "0:55", fake.dir, "btrfs", "/dev/sdb", "ro");
	assert_int_equal(freeze_count(SDB), 0);
	fake_shell(": > %s/self/mountinfo", fake.proc);
	/* The path leads to another file system, which covers this one... */
	fake_mount(id + 1000000, "0:55", fake.dir, "btrfs", "/dev/sdb", "rw");
	fake_mount(id, "0:56", fake.dir, "tmpfs", "none", "rw");
	assert_int_equal(freeze_count(SDB), 0);
	/* ...which can be reached by its other mount, that is not covered */
	fake_shell(": > %s/self/mountinfo", fake.proc);
	fake_mount(id + 1000000, "0:55", "/nowhere", "btrfs", "/dev/sdb", "rw");
	fake_mount(id, "0:55", fake.dir, "btrfs", "/dev/sdb", "rw");
	assert_int_equal(freeze_count(SDB), 1);
}

#define stack_test(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		stack_test(partitions_have_disks),
		stack_test(overlap_is_of_sectors),
		stack_test(all_below_is_found),
		stack_test(levels_count_origins_below),
		stack_test(names_with_blanks_and_loops_end),
		stack_test(above_is_through_other_devices_only),
		stack_test(file_systems_lie_on_devices),
		stack_test(help_is_given_where_it_is_needed),
		stack_test(read_only_and_hidden_ones_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
