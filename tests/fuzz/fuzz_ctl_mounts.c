// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of mountinfo: any text must do no harm, and what the kernel writes for
 * a mount must give that mount back, whatever is in its names.
 */
#include "fuzz.h"
#include <sys/sysmacros.h>

#include "mounts.h"

#define MOUNTS 6

/* A name of up to seven bytes; "/" is what most of them begin with */
static void take_name(struct input *in, char name[8])
{
	size_t i;

	name[0] = take_byte(in) % 4 ? '/' : 'x';
	for (i = 1; i < 7; i++)
		name[i] = (char)take_byte(in);
	name[7] = '\0';
}

/* As show_mountinfo() of the kernel does it, by mangle() */
static void put_escaped(FILE *out, const char *name)
{
	for (; *name; name++)
		if (strchr(" \t\n\\#", *name))
			fprintf(out, "\\%03o", (unsigned char)*name);
		else
			fputc(*name, out);
}

static void put_mount(FILE *out, const struct mount *m)
{
	fprintf(out, "%d 1 %u:%u / ", m->id, major(m->dev), minor(m->dev));
	put_escaped(out, m->target);
	fprintf(out, " %s shared:1 - ", m->id & 1 ? "ro" : "rw,noatime");
	put_escaped(out, m->fstype);
	fputc(' ', out);
	put_escaped(out, m->source);
	fprintf(out, " %s", m->read_only ? "ro" : "rw");
	if (*m->options) {
		fputc(',', out);
		put_escaped(out, m->options);
	}
	fputc('\n', out);
}

static void check_same(const struct mount *a, const struct mount *b)
{
	promise(a->id == b->id);
	promise(a->dev == b->dev);
	promise(!strcmp(a->target, b->target));
	promise(!strcmp(a->fstype, b->fstype));
	promise(!strcmp(a->source, b->source));
	promise(!strncmp(b->options, a->read_only ? "ro" : "rw", 2));
	promise(!strcmp(b->options + (*a->options ? 3 : 2), a->options));
}

/* Whether an option list has this one; there are no blanks in it to confuse */
static bool has_option(const struct mount *m, const char *name)
{
	char *copy = strdup(m->options), *rest = copy, *one;
	bool has = false;

	promise(copy);
	while ((one = strsep(&rest, ",")))
		has |= !strcmp(one, name);
	free(copy);
	return has;
}

/* One line, read back */
static void check_line(const struct mount *meant)
{
	struct mount m;
	char *line;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	promise(out);
	put_mount(out, meant);
	fclose(out);
	promise(!mount_parse(line, &m));
	check_same(meant, &m);
	promise(m.read_only == has_option(&m, "ro"));
	mount_free(&m);
	free(line);
}

/* Whether a path is at or below a mount, by its components */
static bool is_below(const char *path, const char *target)
{
	size_t length = strlen(target);

	if (!length)
		return false;
	if (target[length - 1] == '/')
		return !strncmp(path, target, length);
	return !strncmp(path, target, length) && strchr("/", path[length]);
}

static void check_path(const struct mounts *mounts, const char *path)
{
	const struct mount *m = mounts_by_path(mounts, path);
	size_t i;

	promise(!m || is_below(path, m->target));
	for (i = 0; i < mounts->count; i++) {
		if (!is_below(path, mounts->list[i].target))
			continue;
		promise(m);
		promise(strlen(mounts->list[i].target) <= strlen(m->target));
		if (!strcmp(mounts->list[i].target, m->target))
			promise(&mounts->list[i] <= m);
	}
}

static void check_mounts(struct input *in)
{
	static char names[MOUNTS][4][8];
	struct mount list[MOUNTS];
	struct mounts mounts = { list, MOUNTS };
	size_t i, k;

	for (i = 0; i < MOUNTS; i++) {
		for (k = 0; k < 4; k++)
			take_name(in, names[i][k]);
		list[i] = (struct mount) {
			.id = (int)(take_number(in) & 0x7fffffff),
			.dev = makedev(take_byte(in), take_number(in)),
			.target = names[i][0], .fstype = names[i][1],
			.source = names[i][2], .options = names[i][3],
			.read_only = take_byte(in) & 1,
		};
		check_line(&list[i]);
	}
	for (i = 0; i < MOUNTS; i++)
		check_path(&mounts, names[i][2]);
}

static void check_option(const struct mount *m, const char *name)
{
	char *value = mount_option(m, name), *text = NULL;

	if (!value)
		return;
	promise(!strchr(value, ','));
	promise(asprintf(&text, "%s=%s", name, value) > 0);
	promise(has_option(m, text));
	free(text);
	free(value);
}

/* Any text: nothing is known of it but that all of a mount is there, or none */
static void check_any(char *text)
{
	char *line;
	struct mount m;

	while ((line = strsep(&text, "\n"))) {
		if (mount_parse(line, &m)) {
			promise(!m.target && !m.options);
			continue;
		}
		promise(m.target && m.fstype && m.source && m.options);
		promise(m.read_only == has_option(&m, "ro"));
		check_option(&m, "logdev");
		check_option(&m, "rtdev");
		mount_free(&m);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	char *text;

	/* A line of text begins with a digit */
	if (size && data[0] > '9') {
		check_mounts(&in);
		return 0;
	}
	text = take_text(&in);
	check_any(text);
	free(text);
	return 0;
}
