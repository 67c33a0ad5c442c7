// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages, memory, small files
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

int report(const struct host *h, const char *object, const char *remedy,
	   const char *cause, ...)
{
	va_list args;

	/* Results that were printed before come first on a shared terminal. */
	fflush(h->out);
	fprintf(h->err, "blksnapctl: %s: ", object);
	va_start(args, cause);
	vfprintf(h->err, cause, args);
	va_end(args);
	if (remedy)
		fprintf(h->err, "; %s", remedy);
	fputc('\n', h->err);
	return EXIT_FAILURE;
}

static void *must(void *p)
{
	if (!p) {
		fputs("blksnapctl: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	/* Room for nothing is a valid wish, for which NULL may be the answer */
	return must(calloc(count ? count : 1, size));
}

void *xreallocarray(void *p, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return must(NULL);
	return must(realloc(p, count * size));
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	char *s;
	int len;

	va_start(args, fmt);
	len = vasprintf(&s, fmt, args);
	va_end(args);
	return must(len < 0 ? NULL : s);
}

int read_line(char *buf, size_t size, const char *fmt, ...)
{
	char *path;
	va_list args;
	ssize_t len;
	int fd, err;

	va_start(args, fmt);
	len = vasprintf(&path, fmt, args);
	va_end(args);
	must(len < 0 ? NULL : path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = -errno;
	free(path);
	if (fd < 0)
		return err;
	len = read(fd, buf, size - 1);
	err = -errno;
	close(fd);
	if (len < 0)
		return err;
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return (int)strlen(buf);
}

int flush_output(const struct host *h)
{
	/*
	 * A write that failed earlier leaves no errno behind: it is told as an
	 * I/O error unless the rest fails as well, which tells more.
	 */
	errno = EIO;
	if (fflush(h->out) || ferror(h->out))
		return report(h, "standard output",
			      "make room for it, or send it elsewhere",
			      "cannot write: %s", strerror(errno));
	return 0;
}
