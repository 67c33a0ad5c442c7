// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle check and oracle verify: put images, or the volumes themselves, on
 * trial, and tell the result.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "journal.h"
#include "trial.h"
#include "util.h"
#include "volume.h"

#define SHOWN 10
#define MAX_PASSES 1000000

void trial_violation(struct trial *trial, const struct image *image,
		     uint64_t sector, const char *format, ...)
{
	va_list args;

	if (trial->nr_violations++ >= SHOWN)
		return;
	printf("oracle: %s: volume %u sector %llu ", image->volume->path,
	       image->volume->id, (unsigned long long)sector);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static int verdict(const struct trial *trial)
{
	unsigned long long bad = trial->nr_violations;

	if (bad || trial->no_instant) {
		printf("oracle: %s WRONG: ", trial->what);
		if (bad)
			printf("%llu bad sectors%s", bad,
			       trial->no_instant ? ", " : "");
		printf("%s\n", trial->no_instant ? "not one instant" : "");
		return EXIT_WRONG;
	}
	printf("oracle: %s right, %llu sectors, cut in [%llu, %llu]\n",
	       trial->what, (unsigned long long)trial->nr_sectors,
	       (unsigned long long)trial->lo.time,
	       (unsigned long long)trial->hi.time);
	return 0;
}

static void add_images(struct trial *trial, const struct journal *journal,
		       int nr, char *args[])
{
	struct volume *volumes = volumes_open(nr, args, O_RDONLY);
	int i;

	volumes_narrow(volumes, nr, journal);
	trial->seed = journal_seed(journal);
	trial->images = new_array(nr, sizeof(*trial->images));
	trial->nr_images = nr;
	for (i = 0; i < nr; i++)
		trial->images[i].volume = &volumes[i];
}

int command_check(int argc, char *argv[])
{
	const char *path = NULL, *begin = NULL, *end = NULL, *passes = "2";
	struct trial trial = { .what = "image" };
	struct journal *journal;
	uint64_t from, to, nr;
	int c;

	while ((c = getopt(argc, argv, "+j:b:e:p:")) != -1) {
		if (c == 'j')
			path = optarg;
		else if (c == 'b')
			begin = optarg;
		else if (c == 'e')
			end = optarg;
		else if (c == 'p')
			passes = optarg;
		else
			return EXIT_USAGE;
	}
	if (!path || !begin || !end)
		bad_usage("check needs -j JOURNAL, -b BEGIN and -e END");
	from = parse_number(begin, "-b");
	to = parse_number(end, "-e");
	nr = parse_number(passes, "-p");
	if (from > to || !nr || nr > MAX_PASSES)
		bad_usage("BEGIN is after END, or the passes are too few or too many");
	journal = journal_open(path);
	add_images(&trial, journal, argc - optind, argv + optind);
	trial_read(&trial, nr);
	trial_judge(&trial, journal, from, to);
	return verdict(&trial);
}

int command_verify(int argc, char *argv[])
{
	struct trial trial = { .what = "volume" };
	struct journal *journal;
	const char *path = NULL;
	uint64_t now = now_ns();
	int c;

	while ((c = getopt(argc, argv, "+j:")) != -1) {
		if (c != 'j')
			return EXIT_USAGE;
		path = optarg;
	}
	if (!path)
		bad_usage("verify needs -j JOURNAL");
	journal = journal_open(path);
	add_images(&trial, journal, argc - optind, argv + optind);
	trial_read(&trial, 1);
	trial_judge(&trial, journal, now, now);
	return verdict(&trial);
}
