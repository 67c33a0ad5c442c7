// SPDX-License-Identifier: GPL-2.0-or-later
/* Command lines: wrong ones end with 2, say what is wrong, and do nothing */
#include "test_ctl_fake.h"

static void wrong_ones_exit_with_2(void **state)
{
	static const struct {
		const char *args[6];
		const char *says;
	} wrong[] = {
		{ { NULL }, "usage: blksnapctl" },
		{ { "frob" }, "there is no command frob" },
		{ { "--frob" }, "there is no option --frob" },
		{ { "help", "frob" }, "there is no command frob" },
		{ { "help", "run", "list" }, "one command at a time" },
		{ { "create" }, "no DEVICE" },
		{ { "create", "/dev/x" }, "--storage is missing" },
		{ { "create", "--storage" }, "--storage needs a value" },
		{ { "create", "--storage", "/s" }, "no DEVICE" },
		{ { "create", "--limit", "x", "/d" }, "--limit x: not a size" },
		{ { "create", "--limit=4095" }, "at least 1M" },
		{ { "create", "--limit=1M", "--reserve=2M", "--storage=s",
		    "/d" }, "--limit is less than --reserve" },
		{ { "create", "--reserve=16777216T" }, "too large" },
		{ { "create", "--reserve=18446744073709551615" }, "too large" },
		{ { "create", "--reserve=-1" }, "not a size" },
		{ { "create", "--timeout=0" }, "not a time" },
		{ { "create", "--timeout=x" }, "not a time" },
		{ { "create", "--timeout=99999999999" }, "too large" },
		{ { "create", "--json=1" }, "--json=1 takes no value" },
		{ { "create", "--frob" }, "there is no option --frob" },
		{ { "create", "-x" }, "there is no option -x" },
		{ { "run", "--storage=s", "/d" }, "no COMMAND" },
		{ { "run", "--storage=s", "/d", "--" }, "no COMMAND" },
		{ { "run", "--storage=s", "--", "true" }, "no DEVICE" },
		{ { "run", "/d", "--", "true" }, "--storage is missing" },
		{ { "list", "x" }, "x: no argument expected" },
		{ { "list", "--all" }, "there is no option --all" },
		{ { "status", "a", "b" }, "one ID" },
		{ { "status", "--frob" }, "there is no option" },
		{ { "wait" }, "give the ID" },
		{ { "wait", "1111", "2222" }, "give the ID" },
		{ { "wait", "--timeout", "-1", "1111" }, "not a time" },
		{ { "release" }, "either the ID" },
		{ { "release", "--force" }, "either the ID" },
		{ { "release", "--all", "1111" }, "either the ID" },
		{ { "attach" }, "no DEVICE" },
		{ { "attach", "--json", "x" }, "there is no option --json" },
		{ { "detach" }, "no DEVICE" },
		{ { "version", "x" }, "no argument expected" },
		{ { "version", "--trackers" }, "there is no option" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		const char *const *a = wrong[i].args;

		assert_int_equal(fake_run(a[0], a[1], a[2], a[3], a[4], a[5],
					  NULL), EXIT_USAGE);
		assert_has(fake.err, wrong[i].says);
		assert_has(fake.err, "usage: blksnapctl");
		assert_string_equal(fake.out, "");
	}
	assert_string_equal(module.calls, "");
}

static void every_command_has_help(void **state)
{
	static const char *const names[] = {
		"create", "run", "list", "status", "wait", "release", "attach",
		"detach", "version", "help",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(fake_run(names[i], "--help", NULL), 0);
		assert_has(fake.out, names[i]);
		assert_string_equal(fake.err, "");
		assert_int_equal(fake_run(names[i], "-h", NULL), 0);
		assert_int_equal(fake_run("help", names[i], NULL), 0);
		assert_has(fake.out, names[i]);
		assert_int_equal(fake_run("--help", NULL), 0);
		assert_has(fake.out, names[i]);
	}
	assert_int_equal(fake_run("--version", NULL), 0);
	assert_string_equal(fake.out, "blksnapctl " BLKSNAPCTL_VERSION "\n");
	assert_string_equal(module.calls, "");
}

static void the_module_may_be_missing(void **state)
{
	(void)state;
	unlink(fake.control);
	assert_int_equal(fake_run("list", NULL), EXIT_FAILURE);
	assert_has(fake.err,
		   "/control: the kernel module is not loaded; run \"modprobe blksnap\"\n");
	assert_int_equal(fake_run("version", "--json", NULL), EXIT_FAILURE);
	assert_true(json_valid(fake.out));
	assert_has(fake.out, "\"module\": null");
}

static void errors_name_cause_and_remedy(void **state)
{
	(void)state;
	fake_fail(BLKSNAP_IOC_SNAPSHOT_LIST, EPERM);
	assert_int_equal(fake_run("list", NULL), EXIT_FAILURE);
	assert_has(fake.err, "not permitted; run it as root");
	fake_fail(BLKSNAP_IOC_TRACKER_LIST, ENOTTY);
	assert_int_equal(fake_run("list", "--trackers", NULL), EXIT_FAILURE);
	assert_has(fake.err, "the loaded module does not know this command; load the module");
	fake_fail(BLKSNAP_IOC_TRACKER_LIST, EXDEV);
	assert_int_equal(fake_run("list", "--trackers", NULL), EXIT_FAILURE);
	assert_has(fake.err, strerror(EXDEV));
}

static void interrupted_calls_are_made_again(void **state)
{
	(void)state;
	module.interrupts = 2;
	assert_int_equal(fake_run("version", NULL), 0);
	assert_string_equal(module.calls, "vvv");
	assert_has(fake.out, "module     1.2.3\n");
}

static void the_cut_is_not_made_again(void **state)
{
	struct blksnap_take arg = { .flags = 0 };

	(void)state;
	module.interrupts = 1;
	assert_int_equal(ctl_ioctl(&fake.host, STDIN_FILENO, BLKSNAP_IOC_TAKE,
				   &arg), -EINTR);
	assert_string_equal(module.calls, "T");
}

static void a_full_disk_is_an_error(void **state)
{
	FILE *out = fake.host.out;

	(void)state;
	fake.host.out = fopen("/dev/full", "we");
	assert_non_null(fake.host.out);
	fputs("x", fake.host.out);
	assert_int_equal(flush_output(&fake.host), EXIT_FAILURE);
	fclose(fake.host.out);
	fake.host.out = out;
	fflush(fake.host.err);
	assert_has(fake.err, "standard output: cannot write: No space left");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		fake_test(wrong_ones_exit_with_2),
		fake_test(every_command_has_help),
		fake_test(the_module_may_be_missing),
		fake_test(errors_name_cause_and_remedy),
		fake_test(interrupted_calls_are_made_again),
		fake_test(the_cut_is_not_made_again),
		fake_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
