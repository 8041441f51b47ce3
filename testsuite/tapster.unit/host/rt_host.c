/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rt_host.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* ---- the script ---- */

const char script_strings[] = "\0operator '/' at x.stp:1:2\0begin\0process(\"/bin/x\").function(\"f\")\0f";
enum { AT_LOCATION = 1, AT_BEGIN = 27, AT_POINT = 33, AT_FUNCTION = 65 };

const struct script_info script_info = {
	.abi = SCRIPT_ABI,
	.n_files = 1,
	.n_probes = HOST_PROBES,
	.n_globals = HOST_GLOBALS,
	.max_string = 512,
	.max_skipped = 3,
	.max_action = 1000,
	.max_nesting = 10,
	.max_trylock = 100000,
	.frame_size = 65536,
};
const struct script_file script_files[1];
const struct site_recipe script_sites[1];
const struct script_probe script_probes[HOST_PROBES] = {
	{ .kind = PROBE_BEGIN, .name = AT_BEGIN, .point = AT_BEGIN, .location = AT_LOCATION },
	{ .kind = PROBE_SITE, .name = AT_POINT, .point = AT_POINT, .function = AT_FUNCTION, .arg = 7 },
	{ .kind = PROBE_SITE, .name = AT_POINT, .point = AT_POINT, .function = AT_FUNCTION, .arg = 7, .places = 1 },
	{ .kind = PROBE_END, .name = AT_BEGIN, .point = AT_BEGIN },
};
const uint32_t script_places[] = { 0, AT_POINT, AT_FUNCTION, AT_LOCATION, AT_BEGIN, 0 };
const struct script_global script_globals[HOST_GLOBALS] = { [3] = { .type = GLOBAL_MAP } };
const struct script_symtab script_symtabs[1];
const char script_symbols[1];
const char script_lines[1];
const char script_symbol_names[1];
RT_LOCKS(HOST_GLOBALS);
RT_LEDGER(HOST_PROBES);

void (*host_repair)(uint32_t global);

void script_repair(uint32_t global)
{
	if (host_repair)
		host_repair(global);
}

/* ---- the port ---- */

uint64_t host_realtime_ns;

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t rt_port_realtime_ns(void)
{
	return host_realtime_ns ? host_realtime_ns : clock_ns(CLOCK_REALTIME);
}

uint64_t rt_port_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t rt_port_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

unsigned rt_port_cpu(void)
{
	return 5;
}

void rt_port_relax(unsigned round)
{
	if (round > 16)
		sched_yield();
	else
		__builtin_ia32_pause();
}

int rt_port_read(void *dst, uint64_t addr, size_t n)
{
	struct iovec to = { dst, n }, from = { (void *)(uintptr_t)addr, n };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)n ? 0 : -EFAULT;
}

int rt_port_write(uint64_t addr, const void *src, size_t n)
{
	struct iovec from = { (void *)(uintptr_t)src, n }, to = { (void *)(uintptr_t)addr, n };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) == (ssize_t)n ? 0 : -EFAULT;
}

long rt_port_read_str(char *dst, uint64_t addr, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rt_port_read(dst + i, addr + i, 1))
			return -EFAULT;
		if (!dst[i])
			return (long)i;
	}
	return (long)n;
}

int64_t rt_port_id(struct rt_context *c, enum rt_id which)
{
	(void)c;
	return 100 + which;
}

bool rt_port_perf(struct rt_context *c, int64_t type, int64_t config, int64_t *value)
{
	(void)c;
	*value = type + config;
	return true;
}

void rt_port_execname(struct rt_context *c, char *dst, size_t size)
{
	(void)c;
	snprintf(dst, size, "host");
}

static const char arguments[] = "prog\0-x\0\0a long argument that is longer than the rest of a buffer that looks for a NUL with "
				 "sixty-four bytes at a time, which this one is\0last";
static const char environment[] = "HOME=/root\0PATH=/bin:/usr/bin\0EMPTY=\0NAME=value";

void rt_port_strings(struct rt_context *c, enum rt_strings which, uint64_t *start, uint64_t *end)
{
	(void)c;
	*start = (uint64_t)(uintptr_t)(which == RT_ARGUMENTS ? arguments : environment);
	*end = *start + (which == RT_ARGUMENTS ? sizeof(arguments) : sizeof(environment));
}

bool rt_port_in_target_set(struct rt_context *c, int64_t pid)
{
	return pid == c->pid;
}

bool rt_port_bias(struct rt_context *c, uint32_t file, int64_t *bias)
{
	(void)c;
	*bias = 0x1000;
	return file == 0;
}

uint64_t rt_port_real_return(struct rt_context *c, uint64_t slot, uint64_t address)
{
	(void)c;
	(void)slot;
	return address;
}

bool rt_port_vector(struct rt_context *c, unsigned n, uint64_t value[2])
{
	(void)c;
	(void)n;
	(void)value;
	return false;
}

uint64_t rt_port_thread_pointer(struct rt_context *c)
{
	(void)c;
	return 0;
}

int rt_port_raise(struct rt_context *c, int signal)
{
	(void)c;
	(void)signal;
	return 0;
}

bool rt_port_module(struct rt_context *c, uint64_t address, struct rt_module *m)
{
	(void)c;
	(void)address;
	(void)m;
	return false;
}

uint64_t rt_port_return_address(struct rt_context *c, uint64_t slot, uint64_t value)
{
	(void)c;
	(void)slot;
	return value;
}

uint64_t rt_port_real_ip(struct rt_context *c, uint64_t ip)
{
	(void)c;
	return ip;
}

enum { OUTPUTS = RT_OUTPUT_SYSTEM + 1, COLLECTED = 1 << 17 };
static char collected[OUTPUTS][COLLECTED];
static size_t n_collected[OUTPUTS];
static unsigned n_records[OUTPUTS];

void rt_port_output(struct rt_context *c, enum rt_output kind, const char *data, size_t n)
{
	(void)c;
	if (n > COLLECTED - 1 - n_collected[kind])
		n = COLLECTED - 1 - n_collected[kind];
	memcpy(collected[kind] + n_collected[kind], data, n);
	n_collected[kind] += n;
	n_records[kind]++;
}

void rt_port_wake(struct rt_context *c)
{
	(void)c;
}

/* ---- for the tests ---- */

struct rt_context *host_context(uint16_t id)
{
	size_t size = rt_context_size();
	struct rt_context *c = aligned_alloc(64, size);

	memset(c, 0, size);
	rt_context_init(c, id);
	rt_context_claim(c, 1000, 1000 + id);
	c->at = c->out;
	c->end = c->out + RT_OUT_SIZE;
	return c;
}

struct rt_context *host_start(void)
{
	memset(&rt_session, 0, sizeof(rt_session));
	memset(script_locks, 0, sizeof(script_locks));
	memset(script_ledger, 0, sizeof(script_ledger));
	memset(script_skipped, 0, sizeof(script_skipped));
	memset(n_collected, 0, sizeof(n_collected));
	memset(n_records, 0, sizeof(n_records));
	rt_session_init();
	return host_context(1);
}

const char *host_take(enum rt_output kind)
{
	collected[kind][n_collected[kind]] = 0;
	n_collected[kind] = 0;
	return collected[kind];
}

const char *host_printed(struct rt_context *c)
{
	static char text[RT_OUT_SIZE + 1];
	size_t n = (size_t)(c->at - c->out);

	memcpy(text, c->out, n);
	text[n] = 0;
	c->at = c->out;
	return text;
}

unsigned host_records(enum rt_output kind)
{
	return n_records[kind];
}
