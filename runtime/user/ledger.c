/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/ledger.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { SMALLEST = 64, CLASSES = 24 };

/* Of address space; pages are taken when they are used. */
static const size_t SIZE = (size_t)8 << 30;

static struct {
	char *at, *end;
	struct space **root; /* in the ledger itself */
	void *free[CLASSES]; /* lists of blocks of SMALLEST << class bytes, by their first word */
} ledger;

int ledger_open(void)
{
	if (ledger.at)
		return 0;
	char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	ledger.root = (struct space **)p;
	ledger.at = p + SMALLEST;
	ledger.end = p + SIZE;
	return 0;
}

static unsigned class_of(size_t size)
{
	unsigned c = 0;
	while ((size_t)SMALLEST << c < size)
		c++;
	return c;
}

void *ledger_alloc(size_t size)
{
	unsigned c = class_of(size);
	if (c >= CLASSES)
		return NULL;
	size_t bytes = (size_t)SMALLEST << c;
	void *p = ledger.free[c];
	if (p) {
		memcpy(&ledger.free[c], p, sizeof p);
	} else {
		if ((size_t)(ledger.end - ledger.at) < bytes)
			return NULL;
		p = ledger.at;
		ledger.at += bytes;
	}
	return memset(p, 0, bytes);
}

void ledger_free(void *p, size_t size)
{
	if (!p)
		return;
	unsigned c = class_of(size);
	memcpy(p, &ledger.free[c], sizeof p);
	ledger.free[c] = p;
}

struct space *ledger_root(void)
{
	return *ledger.root;
}

void ledger_set_root(struct space *sp)
{
	*ledger.root = sp;
}
