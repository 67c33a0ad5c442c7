// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle fill and oracle write: how a volume comes to its contents.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "journal.h"
#include "sector.h"
#include "util.h"
#include "volume.h"
#include "writer.h"

#define CHUNK 2048		/* sectors that are filled at a time */
#define MAX_THREADS 64
#define MAX_DEPTH 256
#define MAX_SECTORS 32768u

struct options {
	const char *journal;
	const char *seed;
	char *doors;
	unsigned int threads;
	struct plan plan;
};

static struct plan *running;

static void fill_chunk(const struct volume *volume, struct identity *id,
		       uint64_t first, uint32_t nr, char *buffer)
{
	ssize_t ret;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		id->position = first + i;
		sector_make(buffer + i * SECTOR_SIZE, id);
	}
	ret = pwrite(volume->direct, buffer, (size_t)nr * SECTOR_SIZE,
		     volume_seek(volume, first));
	if (ret != (ssize_t)nr * SECTOR_SIZE)
		die("cannot fill %s: %s", volume->path,
		    ret < 0 ? strerror(errno) : "short write");
}

static void fill(const struct volume *volume, struct journal *journal)
{
	struct extent extent = {
		.first = volume->first,
		.nr = volume->end - volume->first,
		.id = volume->id,
	};
	struct identity id = {
		.seed = journal_seed(journal),
		.volume = volume->id,
	};
	char *buffer = new_buffer(CHUNK * SECTOR_SIZE);
	uint64_t first;

	journal_add_extent(journal, &extent);
	for (first = volume->first; first < volume->end; first += CHUNK)
		fill_chunk(volume, &id, first,
			   min(volume->end - first, CHUNK), buffer);
	if (fsync(volume->direct))
		die("cannot fill %s: %s", volume->path, strerror(errno));
	free(buffer);
}

int command_fill(int argc, char *argv[])
{
	const char *path = NULL, *seed = NULL;
	struct journal *journal;
	struct volume *volumes;
	int c, i;

	while ((c = getopt(argc, argv, "+j:s:")) != -1) {
		if (c == 'j')
			path = optarg;
		else if (c == 's')
			seed = optarg;
		else
			return EXIT_USAGE;
	}
	if (!path || !seed)
		bad_usage("fill needs -j JOURNAL and -s SEED");
	volumes = volumes_open(argc - optind, argv + optind, O_RDWR);
	journal = journal_create(path, parse_number(seed, "-s"));
	for (i = 0; i < argc - optind; i++)
		fill(&volumes[i], journal);
	free(volumes);
	return 0;
}

/* Seconds may have decimals */
static uint64_t parse_deadline(const char *text)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= 0 && seconds < 1e9))
		bad_usage("-t: no number of seconds: \"%s\"", text);
	return now_ns() + (uint64_t)(seconds * 1e9);
}

static uint64_t parse_below(const char *text, const char *what, uint64_t low,
			    uint64_t high)
{
	uint64_t number = parse_number(text, what);

	if (number < low || number > high)
		bad_usage("%s: %s is not within %llu and %llu", what, text,
			  (unsigned long long)low, (unsigned long long)high);
	return number;
}

static uint32_t parse_bytes(const char *text, const char *what)
{
	return parse_below(text, what, SECTOR_SIZE,
			   (uint64_t)MAX_SECTORS * SECTOR_SIZE) / SECTOR_SIZE;
}

static void parse_option(struct options *options, int c)
{
	struct plan *plan = &options->plan;

	switch (c) {
	case 'j':
		options->journal = optarg;
		break;
	case 't':
		plan->deadline = parse_deadline(optarg);
		break;
	case 'c':
		plan->left = parse_number(optarg, "-c");
		break;
	case 'd':
		options->doors = optarg;
		break;
	case 'n':
		options->threads = parse_below(optarg, "-n", 1, MAX_THREADS);
		break;
	case 'q':
		plan->depth = parse_below(optarg, "-q", 1, MAX_DEPTH);
		break;
	case 'm':
		plan->low = parse_bytes(optarg, "-m");
		break;
	case 'M':
		plan->high = parse_bytes(optarg, "-M");
		break;
	case 'x':
		plan->zero_percent = parse_below(optarg, "-x", 0, 100);
		break;
	case 's':
		options->seed = optarg;
		break;
	case 'D':
		plan->dependent = true;
		break;
	default:
		exit(EXIT_USAGE);
	}
}

static void parse_options(struct options *options, int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "+j:t:c:d:n:q:m:M:x:s:D")) != -1)
		parse_option(options, c);
	if (!options->journal)
		bad_usage("write needs -j JOURNAL");
	if (options->plan.low > options->plan.high)
		bad_usage("-m is more than -M");
	options->plan.seed = options->seed ?
			     parse_number(options->seed, "-s") :
			     now_ns() % 1000000;
}

/* Returns how many doors there are */
static unsigned int parse_doors(char *text, const struct door *doors[])
{
	unsigned int nr = 0;
	char *name;

	while ((name = strsep(&text, ","))) {
		if (nr == MAX_THREADS)
			bad_usage("-d: more than %d doors", MAX_THREADS);
		doors[nr] = door_find(name);
		if (!doors[nr++])
			bad_usage("-d: no such door: \"%s\"", name);
	}
	return nr;
}

static void stop(int signal __attribute__((unused)))
{
	__atomic_store_n(&running->stop, true, __ATOMIC_RELAXED);
}

/* The writers are not interrupted, they see the end by themselves */
static void start_writers(struct writer *writers, unsigned int nr)
{
	struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESTART };
	sigset_t signals;
	unsigned int i;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	for (i = 0; i < nr; i++)
		if (pthread_create(&writers[i].thread, NULL, writer_run,
				   &writers[i]))
			die("cannot start a thread");
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

static void run_writers(struct plan *plan, struct writer *writers,
			unsigned int nr)
{
	uint64_t writes = 0, bytes = 0;
	unsigned int i;

	printf("oracle: writing by %u threads, seed %llu\n", nr,
	       (unsigned long long)plan->seed);
	fflush(stdout);
	running = plan;
	start_writers(writers, nr);
	for (i = 0; i < nr; i++) {
		pthread_join(writers[i].thread, NULL);
		writes += writers[i].writes;
		bytes += writers[i].bytes;
	}
	printf("oracle: %llu writes, %llu bytes, seed %llu\n",
	       (unsigned long long)writes, (unsigned long long)bytes,
	       (unsigned long long)plan->seed);
}

static bool any_cached(const struct door *doors[], unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (doors[i]->cached)
			return true;
	return false;
}

int command_write(int argc, char *argv[])
{
	char all[] = "direct,aio,uring,buffered,mmap";
	const struct door *doors[MAX_THREADS];
	struct options options = {
		.doors = all,
		.plan = {
			.depth = 16, .low = 1, .high = 128,
			.deadline = NEVER, .left = NEVER,
		},
	};
	struct plan *plan = &options.plan;
	unsigned int i, nr_doors, threads;
	struct writer *writers;

	parse_options(&options, argc, argv);
	nr_doors = parse_doors(options.doors, doors);
	threads = options.threads ? options.threads : nr_doors;
	plan->journal = journal_open(options.journal);
	plan->nr_volumes = argc - optind;
	plan->volumes = volumes_open(plan->nr_volumes, argv + optind, O_RDWR);
	volumes_narrow(plan->volumes, plan->nr_volumes, plan->journal);
	if (any_cached(doors, min(nr_doors, threads)))
		volumes_open_cached(plan->volumes, plan->nr_volumes);
	writers = new_array(threads, sizeof(*writers));
	for (i = 0; i < threads; i++)
		writer_init(&writers[i], plan, doors[i % nr_doors], i);
	run_writers(plan, writers, threads);
	return 0;
}
