/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* A /proc file, NUL-terminated, on the heap. */
static char *slurp(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	size_t cap = 16384, n = 0;
	char *text = malloc(cap + 1);
	while (text) {
		ssize_t got = read(fd, text + n, cap - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		if (n == cap) {
			char *more = realloc(text, cap * 2 + 1);
			if (!more) {
				free(text);
				text = NULL;
				break;
			}
			text = more;
			cap *= 2;
		}
	}
	close(fd);
	if (text)
		text[n] = '\0';
	*len = n;
	return text;
}

static bool parse_line(char *line, struct mapping *m)
{
	unsigned major, minor;
	char perms[8];
	int path_at = 0;
	if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %n", &m->start, &m->end, perms, &m->offset,
		   &major, &minor, &m->inode, &path_at) < 7)
		return false;
	m->device = makedev(major, minor);
	m->is_write = perms[1] == 'w';
	m->is_exec = perms[2] == 'x';
	m->path = line + path_at;
	return true;
}

int maps_read(struct maps *m, pid_t pid)
{
	char path[64];
	size_t len, cap = 0;
	memset(m, 0, sizeof *m);
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	m->text = slurp(path, &len);
	if (!m->text)
		return -ESRCH;
	char *save = NULL;
	for (char *line = strtok_r(m->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (m->n == cap) {
			cap = cap ? cap * 2 : 64;
			struct mapping *at = realloc(m->at, cap * sizeof *at);
			if (!at) {
				maps_free(m);
				return -ENOMEM;
			}
			m->at = at;
		}
		if (parse_line(line, &m->at[m->n]))
			m->n++;
	}
	return m->n ? 0 : -ESRCH;
}

void maps_free(struct maps *m)
{
	free(m->at);
	free(m->text);
	memset(m, 0, sizeof *m);
}

const struct mapping *maps_find(const struct maps *m, uint64_t addr)
{
	for (size_t i = 0; i < m->n; i++)
		if (addr >= m->at[i].start && addr < m->at[i].end)
			return &m->at[i];
	return NULL;
}

/* The free range between mapping I - 1 and mapping I (0 to N), less what heap and stack may
 * need to grow. */
static void free_range(const struct maps *m, size_t i, uint64_t *bottom, uint64_t *top)
{
	const uint64_t lowest = 1 << 16, highest = 1ULL << 47; /* vm.mmap_min_addr; user space */
	const uint64_t heap_room = 1 << 30, stack_room = 256 << 20;
	*bottom = i ? m->at[i - 1].end : lowest;
	*top = i < m->n ? m->at[i].start : highest;
	if (i && strcmp(m->at[i - 1].path, "[heap]") == 0)
		*bottom += heap_room;
	if (i < m->n && strcmp(m->at[i].path, "[stack]") == 0)
		*top -= stack_room < *top ? stack_room : *top;
	if (*top > highest)
		*top = highest;
}

uint64_t maps_gap(const struct maps *m, uint64_t low, uint64_t high, uint64_t size, unsigned try)
{
	const uint64_t reach = (1ULL << 31) - (1 << 20);
	uint64_t from = high > reach ? high - reach : 0, to = low + reach;
	uint64_t bottom, top;

	/* Downwards from the text, then upwards, the far end: the heap begins behind the program. */
	for (size_t i = m->n; i-- > 0;) {
		free_range(m, i, &bottom, &top);
		if (bottom < from)
			bottom = from;
		if (top <= low && top > bottom && top - bottom >= size && try-- == 0)
			return top - size;
	}
	for (size_t i = m->n + 1; i-- > 1;) {
		free_range(m, i, &bottom, &top);
		if (top > to)
			top = to & ~0xfffULL;
		if (bottom >= low && top > bottom && top - bottom >= size && try-- == 0)
			return top - size;
	}
	return 0;
}

uint64_t maps_auxv(pid_t pid, uint64_t type)
{
	char path[64];
	size_t len;
	uint64_t value = 0;
	snprintf(path, sizeof path, "/proc/%d/auxv", pid);
	char *text = slurp(path, &len);
	if (!text)
		return 0;
	for (size_t i = 0; i + 16 <= len; i += 16) {
		uint64_t entry[2];
		memcpy(entry, text + i, 16);
		if (entry[0] == type)
			value = entry[1];
	}
	free(text);
	return value;
}

bool maps_strings(pid_t pid, uint64_t at[4])
{
	const unsigned first = 48; /* of /proc/PID/stat, by proc(5); the name is the second */
	char path[64];
	size_t len;
	unsigned field = 2, got = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	char *text = slurp(path, &len);
	if (!text)
		return false;
	for (char *s = strrchr(text, ')'); s && got < 4; s = strchr(s + 1, ' '))
		if (field++ >= first)
			at[got++] = strtoull(s + 1, NULL, 10);
	free(text);
	return got == 4;
}

unsigned maps_status(pid_t pid, const char *name, int base, uint64_t *to, unsigned n)
{
	char path[64], key[32];
	size_t len;
	unsigned got = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	snprintf(key, sizeof key, "\n%s:", name);
	char *text = slurp(path, &len);
	if (!text)
		return 0;
	char *at = strstr(text, key);
	if (at)
		at += strlen(key);
	while (at && got < n) {
		char *end;
		to[got] = strtoull(at, &end, base);
		if (end == at)
			break;
		got++;
		at = end;
	}
	free(text);
	return got;
}

void maps_name(pid_t pid, char name[16])
{
	char path[64];
	size_t len;
	memset(name, 0, 16);
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	char *text = slurp(path, &len);
	if (text && len > 0) /* a newline is behind it */
		memcpy(name, text, len - 1 < 15 ? len - 1 : 15);
	free(text);
}
