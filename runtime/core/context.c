/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe contexts and the session: entering and leaving handlers beyond the
 * inlined fast path, the ledger (hits = run + skipped by reason + missed),
 * errors and limits, and the recovery of a context whose thread has died.
 */
#include "runtime/core/core_int.h"

struct rt_session rt_session;

/* ---- session ---- */

void rt_session_init(void)
{
	rt_session.max_errors = script_info.max_errors;
}

bool rt_session_accept(enum rt_class class)
{
	uint32_t refused = 0;

	/* The flags are looked at again after the store: an exit() in between either
	 * saw our class and took it away, or is seen here. */
	__atomic_store_n(&rt_session.accept, (uint32_t)class, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&rt_session.exiting, __ATOMIC_SEQ_CST))
		refused |= RT_BEGIN | RT_ORDINARY;
	if (__atomic_load_n(&rt_session.error_state, __ATOMIC_SEQ_CST))
		refused |= RT_BEGIN | RT_ORDINARY | RT_END;
	if (!(class & refused))
		return true;
	__atomic_store_n(&rt_session.accept, 0, __ATOMIC_SEQ_CST);
	return false;
}

static void stop(struct rt_context *c, uint32_t classes)
{
	__atomic_store_n(&rt_session.exiting, 1, __ATOMIC_SEQ_CST);
	__atomic_and_fetch(&rt_session.accept, ~classes, __ATOMIC_SEQ_CST);
	rt_port_wake(c);
}

void rt_exit(struct rt_context *c)
{
	stop(c, RT_BEGIN | RT_ORDINARY);
}

void rt_abort(struct rt_context *c)
{
	rt_exit(c);
	c->failed = RT_ABORTED;
	c->error[0] = 0;
}

/* ---- contexts ---- */

size_t rt_context_size(void)
{
	return (offsetof(struct rt_context, frames) + script_info.frame_size + script_info.max_string + 63) &
	       ~(size_t)63;
}

static void reset(struct rt_context *c)
{
	c->failed = RT_OK;
	c->nesting = script_info.max_nesting < UINT16_MAX ? (uint16_t)script_info.max_nesting : UINT16_MAX;
	c->frame_top = offsetof(struct rt_context, frames);
	c->frame_end = c->frame_top + script_info.frame_size;
	c->out_at = NULL;
}

void rt_context_init(struct rt_context *c, uint16_t id)
{
	c->id = id;
	c->is_shared = id >= RT_STRIPES;
	c->stripe = c->is_shared ? RT_STRIPES - 1 : id - 1;
	c->token_at = 0;
	c->row = c->stripe * RT_LEDGER_ROW(script_info.n_probes ? script_info.n_probes : 1);
	reset(c);
}

void rt_context_claim(struct rt_context *c, int32_t pid, int32_t tid)
{
	c->pid = pid;
	c->tid = tid;
	reset(c);
}

void rt_context_recover(struct rt_context *c)
{
	for (uint32_t i = 0; i < script_info.n_globals; i++) {
		struct rt_lock *l = &script_locks[i];

		if (__atomic_load_n(&l->slot[0], __ATOMIC_ACQUIRE) == c->id) {
			if (script_globals[i].type == GLOBAL_MAP)
				script_repair(i);
			__atomic_store_n(&l->slot[0], 0, __ATOMIC_RELEASE);
		}
		if (__atomic_load_n(&l->waiting, __ATOMIC_RELAXED) == c->id)
			__atomic_store_n(&l->waiting, 0, __ATOMIC_RELAXED);
		for (unsigned slot = 1; slot < 4; slot++)
			if (__atomic_load_n(&l->slot[slot], __ATOMIC_RELAXED) == c->id)
				__atomic_store_n(&l->slot[slot], 0, __ATOMIC_RELEASE);
	}
	if (c->busy)
		rt_skip_probe(c->probe, RT_SKIP_DIED, 1);
	reset(c);
	__atomic_store_n(&c->busy, 0, __ATOMIC_RELEASE);
}

/* ---- the ledger ---- */

void rt_skip_probe(uint32_t probe, enum rt_skip reason, uint64_t n)
{
	uint64_t all;

	__atomic_fetch_add(&script_skipped[probe * RT_SKIPS + reason], n, __ATOMIC_RELAXED);
	/* Re-entry is no fault of the script's and does not count against its limit. */
	if (reason == RT_SKIP_STATE || reason == RT_SKIP_REENTRANT)
		return;
	all = __atomic_add_fetch(&rt_session.n_skipped, n, __ATOMIC_RELAXED);
	if (all > script_info.max_skipped && !(script_info.flags & SCRIPT_SUPPRESS_HANDLER_ERRORS) &&
	    !__atomic_exchange_n(&rt_session.too_many_skipped, 1, __ATOMIC_RELAXED))
		stop(NULL, RT_BEGIN | RT_ORDINARY);
}

void rt_skip_site(uint32_t site, enum rt_skip reason)
{
	for (uint32_t i = 0; i < script_info.n_probes; i++) {
		const struct script_probe *p = &script_probes[i];

		if ((p->kind == PROBE_SITE || p->kind == PROBE_RETURN) && p->arg == (int64_t)site)
			rt_skip_probe(i, reason, 1);
	}
}

uint64_t rt_ledger_run(uint32_t probe)
{
	uint32_t row = RT_LEDGER_ROW(script_info.n_probes ? script_info.n_probes : 1);
	uint64_t n = 0;

	for (unsigned i = 0; i < RT_STRIPES; i++)
		n += __atomic_load_n(&script_ledger[i * row + probe], __ATOMIC_RELAXED);
	return n;
}

uint64_t rt_ledger_skipped(uint32_t probe, enum rt_skip reason)
{
	return __atomic_load_n(&script_skipped[probe * RT_SKIPS + reason], __ATOMIC_RELAXED);
}

const char *rt_skip_text(enum rt_skip reason)
{
	switch (reason) {
	case RT_SKIP_REENTRANT: return "in a handler already";
	case RT_SKIP_LOCK: return "a global's lock was not to be had";
	case RT_SKIP_CONTEXT: return "no free context";
	case RT_SKIP_STATE: return "before the start or after the end";
	case RT_SKIP_RETURN: return "no room for a return record";
	case RT_SKIP_DIED: return "the thread died in the handler";
	default: return "";
	}
}

/* ---- handlers ---- */

void rt_probe_refuse(struct rt_context *c, uint32_t probe, uint32_t class)
{
	(void)c;
	(void)class;
	rt_skip_probe(probe, RT_SKIP_STATE, 1);
}

void rt_probe_skip(struct rt_context *c, uint32_t reason)
{
	c->at = c->out;
	rt_skip_probe(c->probe, reason, 1);
}

/* Where in the script the error is.  The handler may be that of another probe, written elsewhere. */
static const char *where(const struct rt_context *c)
{
	const uint32_t *at = script_places + script_probes[c->probe].places;

	for (; *at; at += 2)
		if (*at == c->error_loc)
			return script_strings + at[1];
	return script_strings + c->error_loc;
}

/* An error that no catch has caught.  The output has been flushed: its buffer is free. */
static void report(struct rt_context *c)
{
	int n;

	if (c->failed == RT_ABORTED && !c->error[0]) /* abort() */
		return;
	if (script_info.flags & SCRIPT_SUPPRESS_HANDLER_ERRORS) {
		__atomic_add_fetch(&rt_session.n_suppressed, 1, __ATOMIC_RELAXED);
		return;
	}
	n = c->error_loc ? rt_snprintf(c->out, sizeof(c->out), "%s near %s", c->error, where(c))
			 : rt_snprintf(c->out, sizeof(c->out), "%s", c->error);
	rt_port_output(c, RT_OUTPUT_ERROR, c->out, (size_t)n);
	if (__atomic_add_fetch(&rt_session.n_errors, 1, __ATOMIC_RELAXED) > rt_session.max_errors) {
		__atomic_store_n(&rt_session.error_state, 1, __ATOMIC_SEQ_CST);
		stop(c, RT_BEGIN | RT_ORDINARY | RT_END);
	}
}

/* An error may have led out of a sprintf. */
static void leave_sprint(struct rt_context *c)
{
	if (c->out_at)
		rt_sprint_end(c);
}

void rt_probe_flush_slow(struct rt_context *c)
{
	leave_sprint(c);
	if (c->at == c->out)
		return;
	rt_port_output(c, RT_OUTPUT_PRINT, c->out, (size_t)(c->at - c->out));
	c->at = c->out;
}

void rt_probe_leave_slow(struct rt_context *c)
{
	rt_probe_flush(c);
	if (c->failed != RT_OK)
		report(c);
	c->failed = RT_OK;
}

void rt_look_end(struct rt_context *c)
{
	leave_sprint(c);
	c->at = c->out;
	c->failed = RT_OK;
}

void *rt_call_failed(struct rt_context *c)
{
	rt_error(c, c->nesting ? "out of stack in nested function calls" : "MAXNESTING exceeded");
	return NULL;
}

bool rt_spend_failed(struct rt_context *c)
{
	if (script_info.flags & SCRIPT_SUPPRESS_TIME_LIMITS) {
		c->budget = INT32_MAX;
		return false;
	}
	rt_error(c, "MAXACTION exceeded");
	c->failed = RT_ABORTED;
	return true;
}

/* ---- errors ---- */

void rt_error(struct rt_context *c, const char *fmt, ...)
{
	struct sink s = { c->error, c->error + sizeof(c->error) - 1, NULL, 0 };
	va_list ap;

	if (c->failed != RT_OK)
		return;
	va_start(ap, fmt);
	sink_format(&s, fmt, ap);
	va_end(ap);
	*s.at = 0;
	c->error_loc = c->loc;
	c->failed = RT_FAILED;
}

/* As in SystemTap, without a place. */
void rt_error_str(struct rt_context *c, const char *message)
{
	uint32_t loc = c->loc;

	c->loc = 0;
	rt_error(c, "%s", message);
	c->loc = loc;
}

bool rt_catch(struct rt_context *c, char *dst, size_t size)
{
	if (c->failed != RT_FAILED)
		return false;
	leave_sprint(c);
	if (dst)
		rt_str_copy(dst, size, c->error);
	c->failed = RT_OK;
	return true;
}

void rt_warn(struct rt_context *c, const char *fmt, ...)
{
	char text[400]; /* of a stack that may be small */
	struct sink s = { text, text + sizeof(text) - 1, NULL, 0 };
	va_list ap;

	va_start(ap, fmt);
	sink_format(&s, fmt, ap);
	va_end(ap);
	rt_port_output(c, RT_OUTPUT_WARNING, text, (size_t)(s.at - text));
}

/* A message's length without the newline that it may end with: the driver adds one. */
static size_t line_length(const char *message)
{
	size_t n = rt_str_len(message);

	return n && message[n - 1] == '\n' ? n - 1 : n;
}

void rt_warn_str(struct rt_context *c, const char *message)
{
	rt_port_output(c, RT_OUTPUT_WARNING, message, line_length(message));
}

void rt_system(struct rt_context *c, const char *command)
{
	rt_port_output(c, RT_OUTPUT_SYSTEM, command, rt_str_len(command));
}

/* What the handler has printed before goes to the old file. */
void rt_switch_file(struct rt_context *c)
{
	if (!c->out_at)
		rt_probe_flush(c);
	rt_port_output(c, RT_OUTPUT_SWITCH, "", 0);
}

/* The thread may get no further than here: what the handler has printed is not lost. */
int rt_raise(struct rt_context *c, int64_t signal)
{
	const int einval = 22;

	if (signal < 0 || signal > 64)
		return -einval;
	if (!c->out_at)
		rt_probe_flush(c);
	return rt_port_raise(c, (int)signal);
}
