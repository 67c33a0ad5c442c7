// SPDX-License-Identifier: GPL-2.0-or-later
/* Running a command with a snapshot */
#include "test_ctl_fake.h"

#include <signal.h>
#include <sys/wait.h>

static char store[60];

static int setup(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_disk("d0", "8:0", 1 << 30);
	fake_disk("d1", "8:1", 1 << 30);
	snprintf(store, sizeof(store), "%s/store", fake.dir);
	return 0;
}

static int run(const char *script)
{
	memset(module.calls, 0, sizeof(module.calls));
	module.added_count = 0;
	module.storage_count = 0;
	return fake_run("run", "--storage", store, fake_dev("d0"),
			fake_dev("d1"), "--", "sh", "-c", script, NULL);
}

static void it_is_released_not_held(void **state)
{
	unsigned int before = fake_open_count();

	(void)state;
	assert_int_equal(run("exit 0"), 0);
	assert_string_equal(module.calls, "CAASTIID");
	assert_int_equal(module.held, -1);
	assert_int_equal(module.destroy_flags, BLKSNAP_DESTROY_FORCE);
	assert_int_equal(fake_open_count(), before);
	assert_string_equal(fake.out, "");
}

static void exit_codes_are_passed_on(void **state)
{
	(void)state;
	assert_int_equal(run("exit 37"), 37);
	assert_true(module.released);
	assert_int_equal(run("kill -KILL $$"), 128 + SIGKILL);
	assert_int_equal(fake_run("run", "--storage", store, fake_dev("d0"),
				  "--", "/nowhere/frob", NULL), 127);
	assert_int_equal(fake_run("run", "--storage", store, fake_dev("d0"),
				  "--", store, NULL), 126);
}

static void the_environment_tells_the_images(void **state)
{
	(void)state;
	assert_int_equal(run("test \"$BLKSNAP_ID\" = abababab-abab-abab-abab-abababababab"), 0);
	assert_int_equal(run("test \"$BLKSNAP_IMAGES\" = "
			     "'/dev/d8/0=/dev/blksnap0 /dev/d8/1=/dev/blksnap1'"), 0);
	assert_int_equal(run("test \"$BLKSNAP_IMAGE_0\" = /dev/blksnap0"), 0);
	assert_int_equal(run("test \"$BLKSNAP_IMAGE_1\" = /dev/blksnap1"), 0);
	/* What is left of a snapshot around this one is not of this one */
	setenv("BLKSNAP_IMAGE_2", "/dev/blksnap9", 1);
	assert_int_equal(run("test -z \"${BLKSNAP_IMAGE_2+x}\""), 0);
}

static void no_descriptor_leaks(void **state)
{
	char script[200];

	(void)state;
	/* All that the machine has to open lies in its directory */
	snprintf(script, sizeof(script),
		 "for fd in /proc/$$/fd/*; do "
		 "case $(readlink $fd) in %s/*) exit 9;; esac; done", fake.dir);
	assert_int_equal(run(script), 0);
	/* The check can fail */
	module.snapshot_fd = open(fake.control, O_RDONLY);
	assert_int_equal(run(script), 9);
}

static void options_of_the_command_are_its_own(void **state)
{
	(void)state;
	assert_int_equal(run("test $# = 0"), 0);
	assert_int_equal(fake_run("run", "--storage", store, fake_dev("d0"),
				  "--", "test", "--json", "=", "--json", NULL),
			 0);
	/* A second -- is the command's */
	assert_int_equal(fake_run("run", "--storage", store, fake_dev("d0"),
				  "--", "test", "--", "=", "--", NULL), 0);
}

/* The module's state after the cut is what this says, not "taken". */
static int failing_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = fake_ioctl(fd, cmd, arg);

	if (cmd == BLKSNAP_IOC_TAKE) {
		module.state = BLKSNAP_STATE_FAILED;
		module.error = -ENOSPC;
	}
	return ret;
}

/* Somebody releases the snapshot: the second INFO is that after the command. */
static int released_ioctl(int fd, unsigned long cmd, void *arg)
{
	static int infos;

	if (cmd == BLKSNAP_IOC_TAKE)
		infos = 0;
	if (cmd == BLKSNAP_IOC_INFO && infos++) {
		errno = ESHUTDOWN;
		return -1;
	}
	return fake_ioctl(fd, cmd, arg);
}

static void success_on_no_images_is_none(void **state)
{
	(void)state;
	fake.host.ioctl = released_ioctl;
	assert_int_equal(run("exit 0"), EXIT_FAILURE);
	assert_has(fake.err, "was released while the command ran; do not trust");
	assert_int_equal(run("exit 5"), 5);
}

static void success_on_bad_images_is_none(void **state)
{
	(void)state;
	fake.host.ioctl = failing_ioctl;
	assert_int_equal(run("exit 0"), EXIT_FAILURE);
	assert_has(fake.err, "the snapshot failed: the storage is full");
	assert_int_equal(run("exit 5"), 5);
}

static void without_a_snapshot_nothing_runs(void **state)
{
	char script[100];

	(void)state;
	snprintf(script, sizeof(script), ": > %s/ran", fake.dir);
	fake_fail(BLKSNAP_IOC_TAKE, EBUSY);
	assert_int_equal(run(script), EXIT_FAILURE);
	assert_has(fake.err, "frozen by somebody else; thaw it");
	snprintf(script, sizeof(script), "%s/ran", fake.dir);
	assert_int_equal(access(script, F_OK), -1);
}

/* Run in a child, to which signals can be sent. */
static int run_and_signal(int sig, const char *script)
{
	char ready[100];
	int status, i;
	pid_t pid;

	snprintf(ready, sizeof(ready), "%s/ready", fake.dir);
	unlink(ready);
	pid = fork();
	if (!pid) {
		/* In the background it may have been ignored from the start. */
		signal(sig, SIG_DFL);
		_exit(run(script));
	}
	for (i = 0; i < 1000 && access(ready, F_OK); i++)
		usleep(10000);
	assert_int_equal(access(ready, F_OK), 0);
	assert_int_equal(kill(pid, sig), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void signals_are_forwarded(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	char script[300];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		/* The child decides what a signal means */
		snprintf(script, sizeof(script),
			 "trap 'exit 42' TERM INT HUP; : > %s/ready; "
			 "n=0; while [ $n -lt 500 ]; do sleep 0.02; n=$((n+1)); done",
			 fake.dir);
		assert_int_equal(run_and_signal(signals[i], script), 42);
		snprintf(script, sizeof(script),
			 ": > %s/ready; exec sleep 10", fake.dir);
		assert_int_equal(run_and_signal(signals[i], script),
				 128 + signals[i]);
	}
}

#define cmd_test(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmd_test(it_is_released_not_held),
		cmd_test(exit_codes_are_passed_on),
		cmd_test(the_environment_tells_the_images),
		cmd_test(no_descriptor_leaks),
		cmd_test(options_of_the_command_are_its_own),
		cmd_test(success_on_bad_images_is_none),
		cmd_test(success_on_no_images_is_none),
		cmd_test(without_a_snapshot_nothing_runs),
		cmd_test(signals_are_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
