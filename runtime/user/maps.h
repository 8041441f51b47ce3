/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mapped where in a process, and what kind of program it runs.
 */
#ifndef TAPSTER_RUNTIME_USER_MAPS_H
#define TAPSTER_RUNTIME_USER_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
	uint64_t start, end, offset, inode;
	dev_t device;
	bool is_exec, is_write;
	const char *path; /* "" for anonymous memory; "[heap]", "[vdso]" ... */
};

struct maps {
	struct mapping *at; /* sorted by address */
	size_t n;
	char *text; /* owns the paths */
};

int maps_read(struct maps *m, pid_t pid);
void maps_free(struct maps *m);
const struct mapping *maps_find(const struct maps *m, uint64_t addr);
/* A free range of SIZE bytes from which LOW and HIGH are within reach of a
 * 32-bit displacement, below LOW where possible, clear of the heap; 0: none.
 * TRY numbers the candidates, for the case that one is refused. */
uint64_t maps_gap(const struct maps *m, uint64_t low, uint64_t high, uint64_t size, unsigned try);

/* The auxiliary vector's entry TYPE (AT_...), or 0. */
uint64_t maps_auxv(pid_t pid, uint64_t type);

/* Where the arguments begin and end, and the environment, as the program was started with them. */
bool maps_strings(pid_t pid, uint64_t at[4]);
/* The numbers behind "NAME:" in /proc/PID/status, in base BASE; how many were read. */
unsigned maps_status(pid_t pid, const char *name, int base, uint64_t *to, unsigned n);
/* The name of the program that PID runs, padded with zeros; empty if it is gone. */
void maps_name(pid_t pid, char name[16]);

#endif
