/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/driver/sink.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/host.h"

enum {
	BUFFER = 1 << 18,
	MAX_KEPT = 10000
};

/* What goes to one file, and then to the ones after it. */
struct stream {
	int fd;
	unsigned cpu;
	unsigned number;   /* of the file, and how often it was switched */
	uint64_t size;     /* of the file, with what is held back */
	uint32_t records;
	char **kept;       /* names of the last max_files files, by their number modulo that */
	size_t n;
	char buffer[BUFFER];
};

struct sink {
	struct sink_options o;
	struct stream **streams; /* by CPU in bulk mode, else one; NULL: not open */
	unsigned n_streams;
	bool failed;
	atomic_bool must_switch;
	pid_t group; /* of the commands of system() */
	struct host_said said;
};

/* ---- files ---- */

static void fail(struct sink *s, const char *what, const char *name, int err)
{
	if (!s->failed && err != EPIPE)
		fprintf(stderr, "ERROR: cannot write %s%s: %s\n", what, name, strerror(err));
	s->failed = true;
}

/* PATTERN with strftime's conversions done; on the heap. */
static char *dated(const char *pattern)
{
	size_t room = strlen(pattern) * 8 + 256;
	time_t now = time(NULL);
	struct tm tm;
	char *name;

	if (!strchr(pattern, '%') || !localtime_r(&now, &tm))
		return strdup(pattern);
	name = malloc(room);
	if (name && !strftime(name, room, pattern, &tm))
		strcpy(name, pattern); /* shorter than room */
	return name;
}

static char *stream_name(const struct sink *s, const struct stream *st)
{
	char cpu[32] = "", number[32] = "", *name = NULL;
	char *base = dated(s->o.file ? s->o.file : "stpd");

	if (s->o.bulk)
		snprintf(cpu, sizeof(cpu), s->o.cpu_names || !s->o.file ? "_cpu%u" : "_%u", st->cpu);
	if (s->o.max_bytes || st->number)
		snprintf(number, sizeof(number), ".%u", st->number);
	if (!base || asprintf(&name, "%s%s%s", base, cpu, number) < 0)
		name = NULL;
	free(base);
	return name;
}

/* The file before the last MAX_FILES goes. */
static void keep(const struct sink *s, struct stream *st, char *name)
{
	char **at;

	if (!st->kept) {
		free(name);
		return;
	}
	at = &st->kept[st->number % s->o.max_files];
	if (*at && strcmp(*at, name))
		unlink(*at);
	free(*at);
	*at = name;
}

static void open_file(struct sink *s, struct stream *st)
{
	char *name;

	st->size = 0;
	if (!s->o.file && !s->o.bulk) {
		st->fd = STDOUT_FILENO;
		return;
	}
	name = stream_name(s, st);
	st->fd = name ? open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	if (st->fd < 0) {
		fail(s, "", name ? name : "the output", name ? errno : ENOMEM);
		free(name);
		return;
	}
	keep(s, st, name);
	if (s->o.bulk) {
		memcpy(st->buffer, SINK_MAGIC, sizeof(SINK_MAGIC) - 1);
		st->n = st->size = sizeof(SINK_MAGIC) - 1;
	}
}

static void close_file(struct stream *st)
{
	if (st->fd >= 0 && st->fd != STDOUT_FILENO)
		close(st->fd);
	st->fd = -1;
}

static void flush_stream(struct sink *s, struct stream *st)
{
	const char *at = st->buffer;

	while (st->n && !s->failed) {
		ssize_t n = write(st->fd, at, st->n);

		if (n >= 0) {
			at += n;
			st->n -= (size_t)n;
		} else if (errno != EINTR) {
			fail(s, "the output", "", errno);
		}
	}
	st->n = 0;
}

static void next_file(struct sink *s, struct stream *st)
{
	if (!s->o.file && !s->o.bulk)
		return;
	flush_stream(s, st);
	close_file(st);
	st->number++;
	open_file(s, st);
}

static struct stream *stream_new(struct sink *s, unsigned cpu)
{
	struct stream *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->cpu = cpu;
	if (s->o.max_bytes && s->o.max_files) {
		st->kept = calloc(s->o.max_files, sizeof(*st->kept));
		if (!st->kept) {
			free(st);
			return NULL;
		}
	}
	open_file(s, st);
	return st;
}

/* NULL: none can be opened, which has been said. */
static struct stream *stream_of(struct sink *s, unsigned cpu)
{
	unsigned i = s->o.bulk ? cpu : 0;

	if (i >= s->n_streams) {
		struct stream **more = realloc(s->streams, (i + 1) * sizeof(*more));

		if (!more)
			goto no_memory;
		memset(more + s->n_streams, 0, (i + 1 - s->n_streams) * sizeof(*more));
		s->streams = more;
		s->n_streams = i + 1;
	}
	if (!s->streams[i])
		s->streams[i] = stream_new(s, i);
	if (s->streams[i])
		return s->failed ? NULL : s->streams[i];
no_memory:
	fail(s, "the output", "", ENOMEM);
	return NULL;
}

/* ---- text ---- */

static void add_bytes(struct sink *s, struct stream *st, const void *data, size_t n)
{
	const char *at = data;

	st->size += n;
	while (n) {
		size_t part;

		if (st->n == BUFFER)
			flush_stream(s, st);
		part = BUFFER - st->n < n ? BUFFER - st->n : n;
		memcpy(st->buffer + st->n, at, part);
		st->n += part;
		at += part;
		n -= part;
	}
}

static void add_text(struct sink *s, unsigned cpu, uint64_t stamp, const char *data, size_t n)
{
	struct stream *st = stream_of(s, cpu);
	size_t need = n + (s->o.bulk ? sizeof(struct sink_record) : 0);

	if (!st)
		return;
	if (s->o.max_bytes && st->size && st->size + need > s->o.max_bytes)
		next_file(s, st);
	if (s->o.bulk) {
		struct sink_record r = { .stamp = stamp, .number = st->records++, .size = (uint32_t)n };

		add_bytes(s, st, &r, sizeof(r));
	}
	add_bytes(s, st, data, n);
}

/* ---- the interface ---- */

struct sink *sink_open(const struct sink_options *o, pid_t group)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s) {
		fprintf(stderr, "ERROR: %s\n", strerror(ENOMEM));
		return NULL;
	}
	s->o = *o;
	s->group = group;
	if (!o->bulk && !stream_of(s, 0)) {
		sink_close(s);
		return NULL;
	}
	return s;
}

void sink_put(struct sink *s, enum rt_output kind, unsigned cpu, uint64_t stamp, const char *data, size_t n)
{
	int length = (int)n;

	if (kind == RT_OUTPUT_PRINT) {
		add_text(s, cpu, stamp, data, n);
		return;
	}
	if (kind == RT_OUTPUT_WARNING && (s->o.no_warnings || !host_is_new(&s->said, data, n)))
		return;
	sink_flush(s); /* what comes out before it happened before it */
	switch (kind) {
	case RT_OUTPUT_PRINT:
		break;
	case RT_OUTPUT_WARNING:
		fprintf(stderr, "WARNING: %.*s\n", length, data);
		break;
	case RT_OUTPUT_ERROR:
		fprintf(stderr, "ERROR: %.*s\n", length, data);
		break;
	case RT_OUTPUT_SYSTEM:
		host_system(data, n, s->group);
		break;
	case RT_OUTPUT_SWITCH:
		sink_switch(s);
		sink_flush(s);
		break;
	}
}

bool sink_flush(struct sink *s)
{
	bool must_switch = atomic_exchange(&s->must_switch, false);

	for (unsigned i = 0; i < s->n_streams; i++) {
		struct stream *st = s->streams[i];

		if (!st)
			continue;
		flush_stream(s, st);
		if (must_switch && !s->failed)
			next_file(s, st);
	}
	return !s->failed;
}

void sink_switch(struct sink *s)
{
	atomic_store(&s->must_switch, true);
}

bool sink_close(struct sink *s)
{
	bool good = sink_flush(s);

	for (unsigned i = 0; i < s->n_streams; i++) {
		struct stream *st = s->streams[i];

		if (!st)
			continue;
		close_file(st);
		for (unsigned k = 0; st->kept && k < s->o.max_files; k++)
			free(st->kept[k]);
		free(st->kept);
		free(st);
	}
	free(s->streams);
	free(s);
	return good;
}

/* Digits at *TEXT, which moves behind them; 0: none, or too many. */
static uint64_t take_number(const char **text, uint64_t high)
{
	uint64_t n = 0;

	while (isdigit((unsigned char)**text) && n <= high)
		n = n * 10 + (uint64_t)(*(*text)++ - '0');
	return n <= high ? n : 0;
}

bool sink_parse_rotation(const char *text, uint64_t *max_bytes, unsigned *max_files)
{
	*max_bytes = take_number(&text, 1 << 20) << 20;
	*max_files = 0;
	if (*max_bytes && *text == ',') {
		text++;
		*max_files = (unsigned)take_number(&text, MAX_KEPT);
		if (!*max_files)
			return false;
	}
	return *max_bytes && !*text;
}
