// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Run a command and be, to others, as if it were this one
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "util.h"

static void exec_child(const struct host *h, char *const argv[],
		       const sigset_t *mask)
{
	int err;

	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	report(h, argv[0], "check the command after --", "cannot run it: %s",
	       strerror(err));
	fflush(h->err);
	_exit(err == ENOENT ? 127 : 126);
}

static void forward(pid_t pid, const siginfo_t *info)
{
	/* What was typed at the terminal went to the child as well. */
	if (info->si_signo == SIGINT && info->si_code == SI_KERNEL)
		return;
	kill(pid, info->si_signo);
}

/* Signals are blocked here, so none gets lost between two calls. */
static int wait_child(pid_t pid, const sigset_t *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(signals, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			forward(pid, &info);
			continue;
		}
		if (waitpid(pid, &status, WNOHANG) != pid)
			continue;
		if (WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
		return WEXITSTATUS(status);
	}
}

int child_run(const struct host *h, char *const argv[])
{
	sigset_t signals, before;
	int code;
	pid_t pid;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, &before);
	/* An ignored SIGCHLD, inherited, would take the exit code away. */
	signal(SIGCHLD, SIG_DFL);
	/* What is in the buffers would be written twice. */
	fflush(h->out);
	fflush(h->err);
	pid = fork();
	if (!pid)
		exec_child(h, argv, &before);
	if (pid < 0)
		code = report(h, argv[0], NULL, "cannot start it: %s",
			      strerror(errno));
	else
		code = wait_child(pid, &signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}
