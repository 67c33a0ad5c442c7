// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading mountinfo */
#include "test_ctl_fake.h"
#include "mounts.h"

static void lines_are_parsed(void **state)
{
	struct mount m;

	(void)state;
	assert_int_equal(mount_parse("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - "
				     "ext3 /dev/root rw,errors=continue\n",
				     &m), 0);
	assert_int_equal(m.id, 36);
	assert_int_equal(m.dev, makedev(98, 0));
	assert_string_equal(m.target, "/mnt2");
	assert_string_equal(m.fstype, "ext3");
	assert_string_equal(m.source, "/dev/root");
	assert_string_equal(m.options, "rw,errors=continue");
	assert_false(m.read_only);
	mount_free(&m);

	/* No tags; the mount is read-only, the file system is not */
	assert_int_equal(mount_parse("1 0 8:1 / / ro - xfs /dev/sda1 rw,logdev=/dev/sdb1,x",
				     &m), 0);
	assert_false(m.read_only);
	mount_free(&m);
}

static void read_only_is_of_the_superblock(void **state)
{
	struct mount m;

	(void)state;
	assert_int_equal(mount_parse("1 0 8:1 / / rw - ext4 /dev/sda1 ro",
				     &m), 0);
	assert_true(m.read_only);
	mount_free(&m);
	assert_int_equal(mount_parse("1 0 8:1 / / rw - ext4 /dev/sda1 rw,errors=remount-ro,root=1",
				     &m), 0);
	assert_false(m.read_only);
	mount_free(&m);
}

static void escapes_are_undone(void **state)
{
	struct mount m;

	(void)state;
	assert_int_equal(mount_parse("1 0 8:1 / /a\\040b\\011c\\012x\\134e\\0401 rw - "
				     "ext4 /dev/x\\040y rw",
				     &m), 0);
	assert_string_equal(m.target, "/a b\tc\nx\\e 1");
	assert_string_equal(m.source, "/dev/x y");
	mount_free(&m);
	/* What only looks like one stays */
	assert_int_equal(mount_parse("1 0 8:1 / /a\\04\\8\\ rw - ext4 s rw",
				     &m), 0);
	assert_string_equal(m.target, "/a\\04\\8\\");
	mount_free(&m);
}

static void broken_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "1", "1 0 8:1", "1 0 8:1 / / rw", "x 0 8:1 / / rw - a b c",
		"1 0 8 / / rw - ext4 s rw", "1 0 8:1 / / rw - ext4 s",
		"1 0 8:1 / / rw - ", "1 0 8:1 / - ",
	};
	struct mount m;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(mount_parse(bad[i], &m), -EINVAL);
}

static void options_have_values(void **state)
{
	struct mount m = { .options = (char *)"rw,xlogdev=/no,logdev=/dev/sdb1,rtdev=" };
	char *value;

	(void)state;
	value = mount_option(&m, "logdev");
	assert_string_equal(value, "/dev/sdb1");
	free(value);
	value = mount_option(&m, "rtdev");
	assert_string_equal(value, "");
	free(value);
	assert_null(mount_option(&m, "rw"));
	assert_null(mount_option(&m, "log"));
}

static void paths_lie_on_mounts(void **state)
{
	const struct mounts *m;

	(void)state;
	fake_mount(1, "8:1", "/", "ext4", "/dev/sda1", "rw");
	fake_mount(2, "8:2", "/mnt", "ext4", "/dev/sda2", "rw");
	fake_mount(3, "8:3", "/mnt2", "ext4", "/dev/sda3", "rw");
	fake_mount(4, "8:4", "/mnt", "ext4", "/dev/sda4", "rw");
	fake_shell("echo nonsense >> %s/self/mountinfo", fake.proc);
	m = fake_topology()->mounts;
	assert_int_equal(m->count, 4);
	assert_int_equal(mounts_by_path(m, "/etc/x")->id, 1);
	assert_int_equal(mounts_by_path(m, "/")->id, 1);
	assert_int_equal(mounts_by_path(m, "/mnt2/x")->id, 3);
	assert_int_equal(mounts_by_path(m, "/mnt3")->id, 1);
	/* The later mount covers the earlier one */
	assert_int_equal(mounts_by_path(m, "/mnt/x")->id, 4);
	assert_int_equal(mounts_by_path(m, "/mnt")->id, 4);
	assert_null(mounts_by_path(m, "relative"));
}

static void files_lie_on_mounts(void **state)
{
	int fd = open(fake.dir, O_RDONLY | O_CLOEXEC);
	const struct mount *m;

	(void)state;
	fake_mount(fake_mount_id(fake.dir), "8:7", "/x", "ext4", "s", "rw");
	m = mounts_by_fd(fake_topology()->mounts, fd);
	assert_non_null(m);
	assert_int_equal(m->dev, makedev(8, 7));
	close(fd);
	assert_null(mounts_by_fd(&fake.mounts, fd));
}

static void no_proc_is_an_error(void **state)
{
	struct mounts m;

	(void)state;
	assert_int_equal(mounts_read("/nowhere", &m), -ENOENT);
	assert_int_equal(m.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_parsed),
		cmocka_unit_test(read_only_is_of_the_superblock),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(broken_lines_are_refused),
		cmocka_unit_test(options_have_values),
		fake_test(paths_lie_on_mounts),
		fake_test(files_lie_on_mounts),
		cmocka_unit_test(no_proc_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
