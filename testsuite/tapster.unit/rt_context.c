/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe contexts: what a handler goes through, errors and catches, limits, the ledger, phases of
 * a session, locks between threads and what is left when one dies; memory and registers.
 */
#include "unit.h"

#include <pthread.h>
#include <stdlib.h>

#include "host/rt_host.h"

static struct rt_context *c;

static void a_handler_that_prints(void)
{
	c = host_start();
	CHECK(!rt_probe_enter(c, 1, RT_ORDINARY, 1000));
	CHECK_INT(rt_ledger_skipped(1, RT_SKIP_STATE), 1);
	CHECK(rt_session_accept(RT_ORDINARY));
	for (int i = 0; i < 3; i++) {
		CHECK(rt_probe_enter(c, 1, RT_ORDINARY, 1000));
		rt_print_s(c, "x");
		rt_print_s(c, "y");
		rt_probe_leave(c);
	}
	CHECK(!rt_probe_enter(c, 0, RT_BEGIN, 1000));
	CHECK_STR(host_take(RT_OUTPUT_PRINT), "xyxyxy");
	CHECK_INT(host_records(RT_OUTPUT_PRINT), 3);
	CHECK_INT(rt_ledger_run(1), 3);
	CHECK_INT(rt_ledger_run(0), 0);
	CHECK_INT(rt_session.n_skipped, 0);
	free(c);
}

static void an_error_ends_the_session(void)
{
	c = host_start();
	rt_session_accept(RT_ORDINARY);
	rt_probe_enter(c, 1, RT_ORDINARY, 1000);
	rt_print_s(c, "before");
	c->loc = 1;
	CHECK_INT(rt_div(c, 1, 0), 0);
	rt_error(c, "a second one");
	CHECK(rt_failed(c));
	rt_probe_leave(c);
	CHECK_STR(host_take(RT_OUTPUT_PRINT), "before");
	CHECK_STR(host_take(RT_OUTPUT_ERROR), "division by 0 near operator '/' at x.stp:1:2");
	CHECK_INT(rt_session.n_errors, 1);
	CHECK(!rt_probe_enter(c, 1, RT_ORDINARY, 1000));
	CHECK(!rt_session_accept(RT_BEGIN));
	CHECK(!rt_session_accept(RT_END));
	CHECK(rt_session_accept(RT_ERROR));
	CHECK_INT(rt_ledger_run(1), 1);
	free(c);
}

static void errors_up_to_the_limit(void)
{
	c = host_start();
	rt_session.max_errors = 2;
	rt_session_accept(RT_ORDINARY);
	for (int i = 0; i < 3; i++) {
		CHECK(rt_probe_enter(c, 1, RT_ORDINARY, 1000));
		rt_error_str(c, "no %d");
		rt_probe_leave(c);
	}
	CHECK(!rt_probe_enter(c, 1, RT_ORDINARY, 1000));
	CHECK_STR(host_take(RT_OUTPUT_ERROR), "no %dno %dno %d");
	free(c);
}

/* The handler is another probe's. */
static void an_error_at_the_probes_own_place(void)
{
	c = host_start();
	rt_session.max_errors = 1;
	rt_session_accept(RT_ORDINARY);
	for (uint32_t probe = 1; probe <= 2; probe++) {
		rt_probe_enter(c, probe, RT_ORDINARY, 1000);
		c->loc = 1;
		rt_error(c, "oh");
		rt_probe_leave(c);
	}
	CHECK_STR(host_take(RT_OUTPUT_ERROR), "oh near operator '/' at x.stp:1:2oh near begin");
	free(c);
}

static void catching(void)
{
	char text[64];

	c = host_start();
	rt_session_accept(RT_ORDINARY);
	rt_probe_enter(c, 1, RT_ORDINARY, 5);
	CHECK(!rt_catch(c, text, sizeof(text)));
	c->loc = 1;
	rt_mod(c, 1, 0);
	CHECK(rt_catch(c, text, sizeof(text)));
	CHECK_STR(text, "division by 0");
	CHECK(!rt_failed(c));
	CHECK(!rt_spend(c, 5));
	CHECK(rt_spend(c, 1));
	CHECK(!rt_catch(c, text, sizeof(text)));
	rt_probe_leave(c);
	CHECK_STR(host_take(RT_OUTPUT_ERROR), "MAXACTION exceeded near operator '/' at x.stp:1:2");
	free(c);
}

static void arithmetic(void)
{
	c = host_start();
	CHECK_INT(rt_div(c, -7, 2), -3);
	CHECK_INT(rt_mod(c, -7, 2), -1);
	CHECK_INT(rt_div(c, INT64_MIN, -1), INT64_MIN);
	CHECK_INT(rt_mod(c, INT64_MIN, -1), 0);
	CHECK(!rt_failed(c));
	CHECK_INT(rt_shl(1, 63), INT64_MIN);
	CHECK_INT(rt_shl(1, 64), 1);
	CHECK_INT(rt_shl(5, -1), INT64_MIN);
	CHECK_INT(rt_shr(-8, 1), -4);
	CHECK_INT(rt_shr(-8, 100), -1);
	CHECK_INT(rt_ushr(-1, 63), 1);
	CHECK_INT(rt_ushr(-1, 64), -1);
	free(c);
}

static int recurse(int depth)
{
	char *frame = rt_call(c, 64);
	int deepest;

	if (!frame)
		return depth;
	memset(frame, depth, 64);
	deepest = recurse(depth + 1);
	CHECK_INT(frame[63], depth);
	rt_return(c, 64);
	return deepest;
}

static void nesting(void)
{
	uint32_t top;

	c = host_start();
	top = c->frame_top;
	CHECK_INT(recurse(0), 10);
	CHECK(rt_failed(c));
	CHECK_STR(c->error, "MAXNESTING exceeded");
	CHECK_INT(c->frame_top, top);
	CHECK_INT(c->nesting, 10);
	c->failed = RT_OK;
	CHECK(rt_call(c, 1 << 20) == NULL); /* no room for the frame */
	c->failed = RT_OK;
	c->stack_low = (uint64_t)(uintptr_t)&top - RT_STACK_ROOM / 2;
	CHECK(rt_call(c, 8) == NULL);
	CHECK_STR(c->error, "out of stack in nested function calls");
	free(c);
}

static void exit_lets_the_handler_finish(void)
{
	c = host_start();
	rt_session_accept(RT_BEGIN);
	rt_probe_enter(c, 0, RT_BEGIN, 1000);
	rt_exit(c);
	rt_print_s(c, "still");
	CHECK(!rt_failed(c));
	rt_probe_leave(c);
	CHECK_STR(host_take(RT_OUTPUT_PRINT), "still");
	CHECK(!rt_probe_enter(c, 0, RT_BEGIN, 1000));
	CHECK(!rt_session_accept(RT_ORDINARY));
	CHECK(rt_session_accept(RT_END));
	CHECK(rt_probe_enter(c, 3, RT_END, 1000));
	rt_abort(c);
	CHECK(rt_failed(c));
	CHECK(!rt_catch(c, NULL, 0));
	rt_probe_leave(c);
	CHECK_STR(host_take(RT_OUTPUT_ERROR), "");
	CHECK_INT(rt_session.n_errors, 0);
	free(c);
}

static void skipped_hits(void)
{
	c = host_start();
	rt_session_accept(RT_ORDINARY);
	rt_skip_site(7, RT_SKIP_REENTRANT);
	rt_skip_site(8, RT_SKIP_REENTRANT);
	CHECK_INT(rt_ledger_skipped(1, RT_SKIP_REENTRANT), 1);
	CHECK_INT(rt_ledger_skipped(2, RT_SKIP_REENTRANT), 1);
	CHECK_INT(rt_session.n_skipped, 0);
	rt_skip_probe(1, RT_SKIP_LOCK, 3);
	CHECK(!rt_session.too_many_skipped);
	rt_skip_probe(1, RT_SKIP_LOCK, 1);
	CHECK(rt_session.too_many_skipped);
	CHECK(!rt_probe_enter(c, 1, RT_ORDINARY, 1000));
	free(c);
}

/* ---- locks ---- */

static int64_t plain; /* under lock 1 */
static struct rt_counter counter;
enum { THREADS = 4, ROUNDS = 8000 };

static void *worker(void *context)
{
	struct rt_context *own = context;

	for (int i = 0; i < ROUNDS; i++) {
		rt_counter_add(own, &counter, 1);
		if (i % 4) {
			if (!rt_lock_write(own, 1))
				return own;
			plain++;
			rt_unlock_write(own, 1);
		} else {
			int64_t seen;

			if (!rt_lock_read(own, 1))
				return own;
			seen = *(volatile int64_t *)&plain;
			sched_yield();
			if (seen != *(volatile int64_t *)&plain)
				return own;
			rt_unlock_read(own, 1);
		}
	}
	return NULL;
}

static void locks_between_threads(void)
{
	pthread_t threads[THREADS];
	struct rt_context *contexts[THREADS];
	void *failed;

	c = host_start();
	plain = 0;
	for (int i = 0; i < THREADS; i++) {
		contexts[i] = host_context((uint16_t)(62 + i)); /* the last three share a stripe */
		pthread_create(&threads[i], NULL, worker, contexts[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		CHECK(failed == NULL);
		free(contexts[i]);
	}
	CHECK_INT(plain, THREADS * ROUNDS / 4 * 3);
	CHECK_INT(rt_counter_get(&counter), THREADS * ROUNDS);
	CHECK_INT(script_locks[1].word, 0);
	free(c);
}

static bool is_over;

/* There is always somebody who reads. */
static void *reader(void *context)
{
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		if (!rt_lock_read(context, 2))
			return context;
		for (int i = 0; i < 10; i++)
			sched_yield();
		rt_unlock_read(context, 2);
	}
	return NULL;
}

static void readers_let_a_writer_in(void)
{
	pthread_t threads[3];
	struct rt_context *contexts[3];
	void *failed;

	c = host_start();
	is_over = false;
	for (int i = 0; i < 3; i++) {
		contexts[i] = host_context((uint16_t)(2 + i));
		pthread_create(&threads[i], NULL, reader, contexts[i]);
	}
	for (int i = 0; i < 100; i++) {
		if (!rt_lock_write(c, 2)) {
			CHECK(false);
			break;
		}
		rt_unlock_write(c, 2);
		sched_yield();
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &failed);
		CHECK(failed == NULL);
		free(contexts[i]);
	}
	CHECK_INT(script_locks[2].word, 0);
	CHECK_INT(script_locks[2].waiting, 0);
	free(c);
}

static int repaired;

static void note_repair(uint32_t global)
{
	repaired = (int)global;
}

static void a_lock_that_is_held_is_given_up(void)
{
	struct rt_context *other;

	c = host_start();
	other = host_context(2);
	CHECK(rt_lock_write(other, 3));
	CHECK(!rt_lock_read(c, 3)); /* waits a second */
	CHECK(rt_lock_read(other, 2));
	CHECK(rt_lock_read(c, 2));
	rt_unlock_read(c, 2);
	/* the other dies */
	other->busy = 1;
	other->probe = 1;
	host_repair = note_repair;
	rt_context_recover(other);
	CHECK_INT(repaired, 3);
	CHECK_INT(other->busy, 0);
	CHECK_INT(rt_ledger_skipped(1, RT_SKIP_DIED), 1);
	CHECK(rt_lock_write(c, 3));
	CHECK(rt_lock_write(c, 2));
	rt_unlock_write(c, 3);
	rt_unlock_write(c, 2);
	free(other);
	free(c);
}

/* ---- memory and registers ---- */

static void reading_memory(void)
{
	static int64_t v = -2;
	static const char text[] = "a \"text\"";
	char dst[64] RT_ALIGNED;
	uint64_t at = (uint64_t)(uintptr_t)&v;

	c = host_start();
	CHECK_INT(rt_read_u(c, at, 1), 0xfe);
	CHECK_INT(rt_read_s(c, at, 1), -2);
	CHECK_INT(rt_read_u(c, at, 4), 0xfffffffe);
	CHECK_INT(rt_read_s(c, at, 4), -2);
	CHECK_INT(rt_read_s(c, at, 8), -2);
	rt_write(c, at, 2, 5);
	CHECK_INT(v, (int64_t)0xffffffffffff0005);
	rt_read_str(c, dst, sizeof(dst), (uint64_t)(uintptr_t)text);
	CHECK_STR(dst, text);
	rt_read_quoted(c, dst, sizeof(dst), (uint64_t)(uintptr_t)text, 63, 0, true);
	CHECK_STR(dst, "\"a \\\"text\\\"\"");
	rt_read_quoted(c, dst, sizeof(dst), (uint64_t)(uintptr_t)text, 3, 0, true);
	CHECK_STR(dst, "\"a \\\"\"...");
	rt_read_quoted(c, dst, sizeof(dst), (uint64_t)(uintptr_t)text, 9, 0, false);
	CHECK_STR(dst, "\"a \\\"text\\\"\\000\"");
	rt_read_quoted(c, dst, sizeof(dst), 0x10, 9, 0, false);
	CHECK_STR(dst, "0x10");
	CHECK(!rt_failed(c));
	CHECK_INT(rt_read_u(c, 0x10, 4), 0);
	CHECK(rt_failed(c));
	CHECK_STR(c->error, "read fault [man error::fault] at 0x10");
	free(c);
}

static int64_t reg(const char *name, bool is_signed)
{
	int64_t v = 0;

	CHECK(rt_reg_by_name(c, name, is_signed, &v));
	return v;
}

static void registers(void)
{
	uint64_t stack[] = { 0, 77, 88 };
	struct rt_regs regs = { .ax = 0xffffffff80001234, .di = 1, .si = 2, .dx = 3, .cx = 4, .r8 = 5, .r9 = 6,
				.r15 = 15, .ip = 99, .sp = (uint64_t)(uintptr_t)stack };
	int64_t v;

	c = host_start();
	rt_reg(c, 0);
	CHECK(rt_failed(c));
	c->failed = RT_OK;
	c->regs = &regs;
	CHECK_INT(reg("rax", false), (int64_t)regs.ax);
	CHECK_INT(reg("eax", false), 0x80001234);
	CHECK_INT(reg("eax", true), (int64_t)regs.ax);
	CHECK_INT(reg("ax", false), 0x1234);
	CHECK_INT(reg("ah", false), 0x12);
	CHECK_INT(reg("al", false), 0x34);
	CHECK_INT(reg("dil", false), 1);
	CHECK_INT(reg("r15", false), 15);
	CHECK_INT(reg("r15d", false), 15);
	CHECK_INT(reg("rip", false), 99);
	CHECK(!rt_reg_by_name(c, "r16", false, &v));
	CHECK(!rt_reg_by_name(c, "r1", false, &v));
	CHECK(!rt_reg_by_name(c, "", false, &v));
	for (int i = 1; i <= 6; i++)
		CHECK_INT(rt_arg(c, i), i);
	CHECK_INT(rt_arg(c, 7), 77);
	CHECK_INT(rt_arg(c, 8), 88);
	rt_arg(c, 0);
	CHECK(rt_failed(c));
	free(c);
}

static void texts_of_the_probe(void)
{
	c = host_start();
	c->probe = 1;
	CHECK_STR(rt_probe_text(c, RT_TEXT_PP), "process(\"/bin/x\").function(\"f\")");
	CHECK_STR(rt_probe_text(c, RT_TEXT_FUNCTION), "f");
	CHECK_STR(rt_probe_text(c, RT_TEXT_TYPE), "uprobe");
	c->probe = 0;
	CHECK_STR(rt_probe_text(c, RT_TEXT_FUNCTION), "");
	free(c);
}

static const char *argument(int64_t first, int64_t last)
{
	static char dst[64];

	rt_arguments(c, dst, sizeof(dst), first, last, "|");
	return dst;
}

static const char *variable(const char *name)
{
	static char dst[16];

	rt_environment(c, dst, sizeof(dst), name);
	return dst;
}

static void arguments_and_environment(void)
{
	c = host_start();
	CHECK_STR(argument(0, 0), "prog");
	CHECK_STR(argument(0, 2), "prog|-x|");
	CHECK_STR(argument(1, 1), "-x");
	CHECK_STR(argument(2, 2), "");
	CHECK_STR(argument(4, 4), "last");
	CHECK_STR(argument(4, -1), "last");
	CHECK_STR(argument(5, 9), "");
	CHECK_STR(argument(2, -1), "|a long argument that is longer than the rest of a buffer that ");
	CHECK_STR(argument(3, 2), "a long argument that is longer than the rest of a buffer that l");
	CHECK_STR(variable("HOME"), "/root");
	CHECK_STR(variable("PATH"), "/bin:/usr/bin");
	CHECK_STR(variable("EMPTY"), "");
	CHECK_STR(variable("NAME"), "value");
	CHECK_STR(variable("NAM"), "");
	CHECK_STR(variable("HOME=/root"), "");
	free(c);
}

UNIT_MAIN(TEST(a_handler_that_prints), TEST(an_error_ends_the_session), TEST(errors_up_to_the_limit),
	  TEST(an_error_at_the_probes_own_place), TEST(catching),
	  TEST(arithmetic), TEST(nesting), TEST(exit_lets_the_handler_finish), TEST(skipped_hits),
	  TEST(locks_between_threads), TEST(readers_let_a_writer_in), TEST(a_lock_that_is_held_is_given_up), TEST(reading_memory), TEST(registers),
	  TEST(texts_of_the_probe), TEST(arguments_and_environment))
