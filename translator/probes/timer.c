/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: timer.ms(N) and its units, with .randomize(M); timer.hz(N); jiffies,
 * which on the user runtime are taken as 4 ms (CONFIG_HZ=250, Debian's kernels).
 * The profiling timers interrupt whatever runs on each CPU, at the rate of the
 * kernel's tick or one that is asked for: kernel runtime only.
 */
#include "translator/choose.h"
#include "translator/point.h"
#include "translator/point_messages.h"

enum timer_tag { TIMER_UNIT, TIMER_JIFFIES, TIMER_HZ, TIMER_PROFILE };

static const struct point_pattern patterns[] = {
	{ "timer.{s,sec,ms,msec,us,usec,ns,nsec}(NUMBER)", TIMER_UNIT },
	{ "timer.{s,sec,ms,msec,us,usec,ns,nsec}(NUMBER).randomize(NUMBER)", TIMER_UNIT },
	{ "timer.jiffies(NUMBER)", TIMER_JIFFIES },
	{ "timer.jiffies(NUMBER).randomize(NUMBER)", TIMER_JIFFIES },
	{ "timer.hz(NUMBER)", TIMER_HZ },
	{ "timer.profile", TIMER_PROFILE },
	{ "timer.profile.tick", TIMER_PROFILE },
	{ "timer.profile.freq.hz(NUMBER)", TIMER_PROFILE },
};

#define NS_PER_S 1000000000LL
#define NS_PER_JIFFY (NS_PER_S / 250)
#define DAY_S 86400LL
#define MAX_JIFFIES 1000000LL
#define MIN_NS 100000LL /* as in stap: a timer that does nothing else is no use */
#define MAX_HZ (NS_PER_S / MIN_NS)

/* Nanoseconds of one unit, by the first letter of its name. */
static int64_t unit_ns(const char *unit)
{
	switch (unit[0]) {
	case 's': return NS_PER_S;
	case 'm': return NS_PER_S / 1000;
	case 'u': return NS_PER_S / 1000000;
	default: return 1;
	}
}

static void add(struct session *s, const struct point_match *m, int64_t period_ns, int64_t randomize_ns)
{
	struct probe *p = point_add_probe(s, m, &family_timer, point_name(s, m->point));

	p->row.kind = m->tag == TIMER_PROFILE ? PROBE_TIMER_PROFILE : PROBE_TIMER;
	p->row.arg = period_ns;
	p->row.arg2 = randomize_ns;
}

/* N units, MIN to MAX; perhaps randomized. */
static bool check_interval(struct session *s, const struct point_match *m, int64_t n, int64_t min,
			   int64_t max, int64_t *randomize)
{
	const struct point_part *part = point_part(m->point, "randomize");

	*randomize = part ? point_number(part) : 0;
	if (n < min || n > max) {
		if (m->tag == TIMER_JIFFIES)
			diag_error(&s->diag, m->point->parts.at[1].arg->loc, E_TIMER_JIFFIES);
		else
			diag_error(&s->diag, m->point->parts.at[1].arg->loc, E_TIMER_INTERVAL,
				   (long long)min, (long long)max);
		return false;
	}
	if (part && (*randomize < 0 || *randomize > n)) {
		if (m->tag == TIMER_JIFFIES)
			diag_error(&s->diag, part->arg->loc, E_TIMER_JIFFIES_RANDOMIZE);
		else
			diag_error(&s->diag, part->arg->loc, E_TIMER_RANDOMIZE);
		return false;
	}
	return true;
}

/* As often in a second as PART says. */
static int match_hz(struct session *s, const struct point_match *m, const struct point_part *part)
{
	int64_t n = point_number(part);

	if (n < 1) {
		diag_error(&s->diag, part->arg->loc, E_TIMER_FREQUENCY);
		return -1;
	}
	if (n > MAX_HZ) {
		diag_error(&s->diag, part->arg->loc, E_TIMER_FREQUENCY_HIGH, MAX_HZ);
		return -1;
	}
	add(s, m, NS_PER_S / n, 0);
	return 1;
}

static int match(struct session *s, const struct point_match *m)
{
	const struct point_part *part = &m->point->parts.at[1];
	int64_t n = part->has_arg ? point_number(part) : 0;
	int64_t randomize, ns;

	switch ((enum timer_tag)m->tag) {
	case TIMER_UNIT:
		ns = unit_ns(part->name);
		if (!check_interval(s, m, n, ns < MIN_NS ? MIN_NS / ns : 1, DAY_S * NS_PER_S / ns,
				    &randomize))
			return -1;
		add(s, m, n * ns, randomize * ns);
		return 1;
	case TIMER_JIFFIES:
		if (!check_interval(s, m, n, 1, MAX_JIFFIES, &randomize))
			return -1;
		add(s, m, n * NS_PER_JIFFY, randomize * NS_PER_JIFFY);
		return 1;
	case TIMER_HZ:
		return match_hz(s, m, part);
	case TIMER_PROFILE:
		if (s->opt.privilege == PRIVILEGE_STAPUSR) {
			diag_error(&s->diag, m->point->loc, E_PRIVILEGE_POINT, session_privilege(s));
			return -1;
		}
		if (s->runtime != RUNTIME_KERNEL && !s->opt.list) {
			choose_needs_kernel(s, point_text(s->arena, m->point));
			diag_error(&s->diag, m->point->loc, E_NEEDS_KERNEL,
				   point_text(s->arena, m->point));
			return -1;
		}
		part = point_part(m->point, "hz");
		if (part)
			return match_hz(s, m, part);
		add(s, m, 0, 0);
		return 1;
	}
	BUG("timer: tag %d", m->tag);
}

const struct probe_family family_timer = {
	.name = "timer",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.user_runtime = true,
	.kernel_runtime = true,
	.unprivileged = true,
};
