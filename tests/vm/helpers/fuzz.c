// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz -s SEED -t SECONDS [-n PROCESSES] [-j THREADS] [-b DEVICE]... DIR|DEVICE...
 *
 * Calls of the module by chance: several processes of several threads each send
 * commands, most of them right, some of them not, to descriptors that others use,
 * close, and hand on at the same time. Needed are a device and a directory at
 * least. Devices become origins, directories storage; -b is a device that may
 * become both, and loses what is on it.
 *
 * A thread goes through the life of a snapshot, or does something else in each
 * step. Among those are children that share their parent's descriptors, or have
 * a copy of them, and that are killed at any moment, as processes are.
 *
 * Each answer is checked (fuzz_check.h, fuzz_call.h): a call that has to be
 * refused is refused, with an errno that the header names; what is written is
 * plausible, and nothing else is written; an image does not change; no descriptor
 * is left. Whatever else goes wrong is for the kernel's log, and for who starts
 * this, to see. Ends with 1 if something was wrong.
 *
 * Every thread has a generator of its own, made from the seed and its number. The
 * same seed gives the same choices, though not the same course of events.
 */
#define _GNU_SOURCE
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "fuzz_call.h"
#include "fuzz_steps.h"

#define MAX_PROCESSES 16
#define MAX_THREADS 16
#define PATIENCE 100	/* seconds, for what has to end */

static unsigned int nr_processes = 3, nr_threads = 3;
static uint64_t seed;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void *run_thread(void *arg)
{
	me = arg;
	while (goes_on()) {
		if (one_in(8))
			step_life();
		else
			step_any();
	}
	return NULL;
}

static void start_threads(pthread_t *threads, uint64_t number)
{
	static struct worker workers[MAX_THREADS];
	unsigned int i;

	for (i = 0; i < nr_threads; i++) {
		workers[i].chance = seed ^ (number * MAX_THREADS + i) << 20;
		workers[i].arena = make_arena();
		if (pthread_create(&threads[i], NULL, run_thread, &workers[i]))
			die("pthread_create");
	}
}

/* Those that wait for events are woken. */
static void join(pthread_t thread)
{
	double end = now() + PATIENCE;

	while (pthread_tryjoin_np(thread, NULL)) {
		if (now() > end) {
			fail("a thread does not end");
			_exit(1);
		}
		pthread_kill(thread, SIGUSR1);
		usleep(20000);
	}
}

static unsigned int count_fds(void)
{
	unsigned int fd, n = 0;

	for (fd = 0; fd < 2048; fd++)
		n += fcntl((int)fd, F_GETFD) >= 0;
	return n;
}

static int run_process(uint64_t number)
{
	unsigned int fds = count_fds(), i;
	pthread_t threads[MAX_THREADS];
	struct worker main_thread = {
		.chance = seed ^ (number * MAX_THREADS + MAX_THREADS - 1) << 20,
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	me = &main_thread;
	make_pool();
	make_common();
	start_threads(threads, number);
	while (goes_on()) {
		usleep(below(30000));
		pthread_kill(threads[below(nr_threads)], SIGUSR1);
	}
	for (i = 0; i < nr_threads; i++)
		join(threads[i]);
	close_all();
	if (count_fds() != fds && !pool->orphans)
		fail("%u descriptors, and not %u as before", count_fds(), fds);
	return 0;
}

static pid_t start_process(uint64_t number)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid)
		_exit(run_process(number));
	return pid;
}

/* Gives up at its deadline if there is a child that does not. */
static void wait_child(pid_t pid)
{
	double end = now() + PATIENCE;
	int status;
	pid_t got;

	while (!(got = waitpid(pid, &status, WNOHANG))) {
		if (now() > end) {
			fail("a process does not end");
			return;
		}
		usleep(10000);
	}
	if (got > 0 && status && !(WIFSIGNALED(status) &&
				   WTERMSIG(status) == SIGKILL))
		fail("a process ended with status %x", status);
}

/* Grandchildren come to us when their parents have been killed. */
static void reap_orphans(void)
{
	double end = now() + PATIENCE;

	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		if (now() > end) {
			fail("an orphan does not end");
			return;
		}
		usleep(10000);
	}
}

static void supervise(double seconds)
{
	double end = now() + seconds;
	pid_t pids[MAX_PROCESSES];
	uint64_t number = 0;
	unsigned int i;
	int sig;

	for (i = 0; i < nr_processes; i++)
		pids[i] = start_process(number++);
	while (now() < end && !leaving) {
		usleep(100000 + below(1500000));
		i = below(nr_processes);
		if (one_in(2))
			continue;
		/* Those that are let go look whether descriptors are left */
		sig = one_in(2) ? SIGKILL : SIGTERM;
		count(OP_KILL, kill(pids[i], sig) ? errno : 0);
		wait_child(pids[i]);
		pids[i] = start_process(number++);
	}
	shared->stop = true;
	for (i = 0; i < nr_processes; i++)
		wait_child(pids[i]);
	reap_orphans();
}

static void print_counts(void)
{
	unsigned long calls, n;
	int op, err;

	for (op = 0; op < NR_OPS; op++) {
		calls = 0;
		for (err = 0; err <= ERRNOS; err++)
			calls += shared->count[op][err];
		printf("%-8s %7lu:", op_names[op], calls);
		for (err = 0; err <= ERRNOS; err++) {
			n = shared->count[op][err];
			if (n)
				printf(" %s %lu", errno_name(err), n);
		}
		printf("\n");
	}
}

/* What must not become storage is ours: then it cannot be claimed. */
static void add_path(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		die(path);
	if (nr_dirs == MAX_PATHS || nr_disks == MAX_PATHS)
		exit(2);
	if (S_ISDIR(st.st_mode)) {
		dirs[nr_dirs++] = path;
		return;
	}
	disks[nr_disks++] = path;
	/* Fails if it is in use, which does as well */
	open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
}

static double parse(int argc, char *argv[])
{
	double seconds = 30;
	int c;

	while ((c = getopt(argc, argv, "s:t:n:j:b:")) != -1) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 't')
			seconds = atof(optarg);
		else if (c == 'n')
			nr_processes = atoi(optarg);
		else if (c == 'j')
			nr_threads = atoi(optarg);
		else if (c == 'b' && nr_stores < MAX_PATHS)
			stores[nr_stores++] = optarg;
		else
			exit(2);
	}
	for (; optind < argc; optind++)
		add_path(argv[optind]);
	if (!nr_dirs || !nr_disks || !nr_processes || !nr_threads ||
	    nr_processes > MAX_PROCESSES || nr_threads >= MAX_THREADS)
		exit(2);
	return seconds;
}

/* Interrupts what waits */
static void on_signal(int sig)
{
	if (sig == SIGTERM)
		leaving = 1;
}

int main(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = on_signal };
	double seconds = parse(argc, argv);
	struct worker main_thread = { .chance = seed ^ 0x5eed };

	me = &main_thread;
	shared = map(sizeof(*shared), MAP_SHARED);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, mailbox))
		die("socketpair");
	find_compat();
	supervise(seconds);
	print_counts();
	if (shared->failed)
		printf("%u things were wrong\n", shared->failed);
	return shared->failed != 0;
}
