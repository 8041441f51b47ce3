/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/sys.h"
#include "cmd/kernel_run.h"
#include "runtime/user/front.h"
#include "translator/session.h"

/* -o FILE with its strftime conversions done. */
static const char *output_name(struct session *s)
{
	time_t now = time(NULL);
	struct tm tm;
	size_t room;
	char *name;

	if (!s->opt.output || !strchr(s->opt.output, '%') || !localtime_r(&now, &tm))
		return s->opt.output;
	room = strlen(s->opt.output) * 8 + 256;
	name = arena_alloc(s->arena, room);
	return strftime(name, room, s->opt.output, &tm) ? name : s->opt.output;
}

static int run_user(struct session *s)
{
	struct user_run_options o = {
		.object = s->object_path,
		.command = s->opt.command,
		.target = s->opt.target_pid,
		.output = output_name(s),
		.timeout_ms = s->opt.timeout_ms,
		.verbose = session_verbose(s, 5),
		.no_warnings = s->opt.no_warnings,
	};

	return user_run(&o);
}

static int run_kernel(struct session *s)
{
	struct kernel_run_options o = {
		.object = s->object_path,
		.engine = s->engine_path,
		.command = s->opt.command,
		.target = s->opt.target_pid,
		.output = output_name(s),
		.timeout_ms = s->opt.timeout_ms,
		.buffer_mb = s->opt.buffer_mb,
		.verbose = session_verbose(s, 5),
		.no_warnings = s->opt.no_warnings,
	};

	return kernel_run(&o);
}

int run_session(struct session *s)
{
	bool is_verbose = session_verbose(s, 5) > 0;
	struct sys_times from, to;
	int status;

	if (is_verbose)
		fputs("Pass 5: starting run.\n", stderr);
	sys_times(&from);
	status = s->runtime == RUNTIME_KERNEL ? run_kernel(s) : run_user(s);
	sys_times(&to);
	if (is_verbose)
		fprintf(stderr, "Pass 5: run completed in %lluusr/%llusys/%llureal ms.\n",
			(unsigned long long)(to.user_us - from.user_us) / 1000,
			(unsigned long long)(to.sys_us - from.sys_us) / 1000,
			(unsigned long long)(to.real_us - from.real_us) / 1000);
	if (status)
		fputs("Pass 5: run failed.  [man error::pass5]\n", stderr);
	return status;
}
