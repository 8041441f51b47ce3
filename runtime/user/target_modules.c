/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mapped in this process, for the names of addresses, and which addresses
 * in it are not the program's own.
 */
#include "runtime/user/target.h"

struct user_modules user_modules __attribute__((section(".tapster.modules")));

bool rt_port_module(struct rt_context *c, uint64_t address, struct rt_module *m)
{
	uint64_t low = 0, high = user_modules.n;

	(void)c;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (user_modules.at[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - user_modules.at[low - 1].start >= user_modules.at[low - 1].size)
		return false;
	const struct user_module *found = &user_modules.at[low - 1];
	m->start = found->start;
	m->size = found->size;
	m->file = found->file;
	m->path = user_modules.names + found->name;
	return true;
}

uint64_t rt_port_return_address(struct rt_context *c, uint64_t slot, uint64_t value)
{
	struct user_context *u = user_context_of(c);

	if (value != (uint64_t)(uintptr_t)user_return_trampoline)
		return value;
	for (uint32_t i = u->n_returns; i > 0; i--)
		if (user_return_at(u, i - 1)->slot == slot)
			return user_return_at(u, i - 1)->real;
	return 0;
}

/* A signal may have interrupted a slot. */
uint64_t rt_port_real_ip(struct rt_context *c, uint64_t ip)
{
	(void)c;
	for (unsigned i = 0; i < USER_REGIONS_MAX && user_process.regions[i].n; i++) {
		const struct user_region *r = &user_process.regions[i];
		uint64_t at = (ip - r->start) / sizeof(struct user_stub);

		if (ip >= r->start && at < r->n)
			return ((const struct user_stub *)(uintptr_t)r->start)[at].address;
	}
	return ip;
}
