/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf: events that the processor or the kernel counts (perf_event_open(2)).  The handler runs at
 * each Nth, on every CPU, on the kernel runtime.  .counter("NAME") has no handler: @perf("NAME")
 * in other probes is how far the current thread's has come; it becomes a call of tapsets/perf.stp.  The
 * user runtime has those counters that a thread can be asked for without a descriptor of its own.
 */
#include "translator/choose.h"
#include "translator/probes/perf.h"

#include <linux/perf_event.h>
#include <string.h>

#include "translator/point.h"
#include "translator/point_messages.h"

enum perf_tag { SAMPLE, SAMPLE_PROCESS, COUNTER };

#define EVENT "perf.type(NUMBER).config(NUMBER)"

static const struct point_pattern patterns[] = {
	{ EVENT "{,.sample(NUMBER),.hz(NUMBER)}", SAMPLE },
	{ EVENT ".{process,process(STRING)}", SAMPLE_PROCESS },
	{ EVENT "{,.process,.process(STRING)}.counter(STRING)", COUNTER },
};

enum { SAMPLE_PERIOD = 1000000 };

static const struct perf_counter *find(const struct session *s, const char *name)
{
	VEC_EACH(&s->perf_counters, i)
		if (!strcmp(s->perf_counters.at[i].name, name))
			return &s->perf_counters.at[i];
	return NULL;
}

static bool is_of_threads(uint64_t type, uint64_t config)
{
	return type == PERF_TYPE_SOFTWARE &&
	       (config == PERF_COUNT_SW_CPU_CLOCK || config == PERF_COUNT_SW_TASK_CLOCK ||
		config == PERF_COUNT_SW_PAGE_FAULTS || config == PERF_COUNT_SW_PAGE_FAULTS_MIN ||
		config == PERF_COUNT_SW_PAGE_FAULTS_MAJ || config == PERF_COUNT_SW_CONTEXT_SWITCHES);
}

static int match_counter(struct session *s, const struct point_match *m, int64_t type, int64_t config)
{
	const struct point_part *name = point_part(m->point, "counter");
	struct perf_counter counter = { point_string(name), type, config };

	if (find(s, counter.name))
		diag_error(&s->diag, name->arg->loc, E_PERF_TWICE, counter.name);
	else if (s->runtime == RUNTIME_USER && !s->opt.list && !is_of_threads((uint64_t)type, (uint64_t)config)) {
		choose_needs_kernel(s, point_text(s->arena, m->point));
		diag_error(&s->diag, m->point->loc, E_PERF_COUNTS, point_text(s->arena, m->point));
	} else {
		VEC_PUSH(s->arena, &s->perf_counters, counter);
		return 1; /* nothing runs */
	}
	return -1;
}

static int match(struct session *s, const struct point_match *m)
{
	const struct point_part *sample = point_part(m->point, "sample"), *hz = point_part(m->point, "hz");
	int64_t type = point_number(point_part(m->point, "type"));
	int64_t config = point_number(point_part(m->point, "config"));
	struct probe *p;

	if (m->tag == COUNTER)
		return match_counter(s, m, type, config);
	if (s->runtime == RUNTIME_USER && !s->opt.list) {
		choose_needs_kernel(s, point_text(s->arena, m->point));
		diag_error(&s->diag, m->point->loc, E_NEEDS_KERNEL, point_text(s->arena, m->point));
	} else if (m->tag == SAMPLE_PROCESS)
		diag_error(&s->diag, m->point->loc, E_PERF_PROCESS, point_text(s->arena, m->point));
	else if (sample && point_number(sample) < 1)
		diag_error(&s->diag, sample->arg->loc, E_PERF_PERIOD, (long long)point_number(sample));
	else if (hz && point_number(hz) < 1)
		diag_error(&s->diag, hz->arg->loc, E_PERF_FREQUENCY, (long long)point_number(hz));
	else
		goto add;
	return -1;
add:
	p = point_add_probe(s, m, &family_perf,
			    sample || hz ? point_name(s, m->point) :
					   arena_printf(s->arena, "%s.sample(%d)", point_name(s, m->point), SAMPLE_PERIOD));
	p->row.kind = PROBE_PERF;
	p->row.pid = (int32_t)type;
	p->row.arg = config;
	p->row.arg2 = hz ? -point_number(hz) : sample ? point_number(sample) : SAMPLE_PERIOD;
	p->row.flags = m->point->is_optional || m->point->is_sufficient ? PROBE_OPTIONAL : 0;
	return 1;
}

/* Does its handler run in threads of programs, whose counters there are? */
static bool is_in_program(const struct probe *p)
{
	return p && (p->row.kind == PROBE_SITE || p->row.kind == PROBE_RETURN);
}

struct expr *perf_read(struct session *s, const struct probe *p, const struct expr *e)
{
	const struct perf_counter *counter = find(s, e->perf.name);
	struct expr *call;

	if (!is_in_program(p)) {
		diag_error(&s->diag, e->loc, E_PERF_PLACE);
		return NULL;
	}
	if (!counter) {
		diag_error(&s->diag, e->loc, E_PERF_COUNTER, e->perf.name, e->perf.name);
		return NULL;
	}
	s->has_counts = true;
	call = expr_new(s->arena, EXPR_CALL, e->loc);
	call->call.name = intern(s->names, "__perf_count");
	VEC_PUSH(s->arena, &call->call.args, expr_number(s->arena, e->loc, counter->type));
	VEC_PUSH(s->arena, &call->call.args, expr_number(s->arena, e->loc, counter->config));
	return call;
}

const struct probe_family family_perf = {
	.name = "perf",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.user_runtime = true,
	.kernel_runtime = true,
};
