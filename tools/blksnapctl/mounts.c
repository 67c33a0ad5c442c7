// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is mounted, from /proc/self/mountinfo
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "mounts.h"
#include "util.h"

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* A blank, tab, newline or backslash in a field stands there as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' &&
		    is_octal(s[2]) && is_octal(s[3])) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				       (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

static char *field(char **rest)
{
	char *f = strsep(rest, " ");

	if (f)
		unescape(f);
	return f;
}

static bool has_flag(const char *options, const char *flag)
{
	size_t length = strlen(flag);

	while (options) {
		if (!strncmp(options, flag, length) &&
		    (!options[length] || options[length] == ','))
			return true;
		options = strchr(options, ',');
		if (options)
			options++;
	}
	return false;
}

static int parse_fields(char *line, struct mount *m)
{
	char *rest, *end, *target, *fstype, *source, *options;
	unsigned int major, minor;
	int used = 0;

	if (sscanf(line, "%d %*d %u:%u %n", &m->id, &major, &minor,
		   &used) < 3 || !used)
		return -EINVAL;
	rest = line + used;
	field(&rest);			/* root within the file system */
	target = field(&rest);
	/* Then come the mount's own options, and any number of tags. */
	end = rest ? strstr(rest, " - ") : NULL;
	if (!target || !end)
		return -EINVAL;
	rest = end + strlen(" - ");
	fstype = field(&rest);
	source = field(&rest);
	options = field(&rest);
	if (!options)
		return -EINVAL;
	m->dev = makedev(major, minor);
	m->target = xstrdup(target);
	m->fstype = xstrdup(fstype);
	m->source = xstrdup(source);
	m->options = xstrdup(options);
	m->read_only = has_flag(options, "ro");
	return 0;
}

int mount_parse(const char *line, struct mount *m)
{
	char *copy = xstrdup(line);
	int err;

	memset(m, 0, sizeof(*m));
	copy[strcspn(copy, "\n")] = '\0';
	err = parse_fields(copy, m);
	free(copy);
	return err;
}

void mount_free(struct mount *m)
{
	free(m->target);
	free(m->fstype);
	free(m->source);
	free(m->options);
	memset(m, 0, sizeof(*m));
}

char *mount_option(const struct mount *m, const char *name)
{
	size_t length = strlen(name);
	const char *p = m->options;

	while (p) {
		if (!strncmp(p, name, length) && p[length] == '=') {
			p += length + 1;
			return strndup(p, strcspn(p, ","));
		}
		p = strchr(p, ',');
		if (p)
			p++;
	}
	return NULL;
}

int mounts_read(const char *proc, struct mounts *mounts)
{
	char *path = xasprintf("%s/self/mountinfo", proc);
	FILE *f = fopen(path, "re");
	struct mount m;
	char *line = NULL;
	size_t room = 0;
	int err = -errno;

	memset(mounts, 0, sizeof(*mounts));
	free(path);
	if (!f)
		return err;
	while (getline(&line, &room, f) >= 0) {
		/* A line that means nothing to us is no mount of ours. */
		if (mount_parse(line, &m))
			continue;
		mounts->list = xreallocarray(mounts->list, mounts->count + 1,
					     sizeof(m));
		mounts->list[mounts->count++] = m;
	}
	free(line);
	fclose(f);
	return 0;
}

void mounts_free(struct mounts *mounts)
{
	size_t i;

	for (i = 0; i < mounts->count; i++)
		mount_free(&mounts->list[i]);
	free(mounts->list);
	memset(mounts, 0, sizeof(*mounts));
}

/* Not through struct host: descriptors are always this process's own. */
static int mount_id_of(int fd)
{
	char path[40], line[80];
	int id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "mnt_id: %d", &id) == 1)
			break;
	fclose(f);
	return id;
}

const struct mount *mounts_by_fd(const struct mounts *mounts, int fd)
{
	int id = mount_id_of(fd);
	size_t i;

	for (i = 0; i < mounts->count; i++)
		if (mounts->list[i].id == id)
			return &mounts->list[i];
	return NULL;
}

static bool lies_under(const char *path, const char *target)
{
	size_t length = strlen(target);

	if (strncmp(path, target, length))
		return false;
	/* "/mnt" is above "/mnt/x", not above "/mnt2"; "/" is above all. */
	return !path[length] || path[length] == '/' ||
	       target[length - 1] == '/';
}

const struct mount *mounts_by_path(const struct mounts *mounts,
				   const char *path)
{
	const struct mount *m, *best = NULL;
	size_t i;

	for (i = 0; i < mounts->count; i++) {
		m = &mounts->list[i];
		if (!*m->target || !lies_under(path, m->target))
			continue;
		/* Of two at the same place, the later one covers the other. */
		if (!best || strlen(m->target) >= strlen(best->target))
			best = m;
	}
	return best;
}
