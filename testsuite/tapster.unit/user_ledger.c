/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/user/ledger.h"
#include "testsuite/tapster.unit/unit.h"

static void zeroed_and_reused(void)
{
	CHECK_INT(ledger_open(), 0);
	char *a = ledger_alloc(100), *b = ledger_alloc(100);
	CHECK(a && b && a != b);
	memset(a, 0xff, 100);
	ledger_free(a, 100);
	char *again = ledger_alloc(70); /* the same class of size */
	CHECK(again == a && again[0] == 0 && again[69] == 0);
	ledger_free(b, 100);
	ledger_free(NULL, 0);
	ledger_free(again, 70);
}

static void full(void)
{
	CHECK(!ledger_alloc((size_t)1 << 40));
	CHECK(!ledger_alloc((size_t)1 << 31));
	CHECK(ledger_alloc(8));
}

/* What a process writes, another one sees: that is what a rescue lives by. */
static void shared(void)
{
	uint64_t *word = ledger_alloc(sizeof *word);
	ledger_set_root((struct space *)word);
	pid_t pid = fork();
	if (pid == 0) {
		*(uint64_t *)ledger_root() = 42;
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	CHECK_INT(*word, 42);
	ledger_set_root(NULL);
	CHECK(!ledger_root());
}

UNIT_MAIN(TEST(zeroed_and_reused), TEST(full), TEST(shared))
