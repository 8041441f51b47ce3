/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/run.h"

#include <stdio.h>

#include "base/sys.h"
#include "cmd/kernel_run.h"
#include "runtime/user/front.h"
#include "translator/session.h"

static struct run_options run_options_of(const struct session *s)
{
	const struct options *o = &s->opt;

	return (struct run_options){
		.object = s->object_path,
		.command = o->command,
		.target = o->target_pid,
		.output = {
			.file = o->output,
			.max_bytes = o->max_file_bytes,
			.max_files = o->max_files,
			.bulk = o->bulk,
			.cpu_names = o->flight,
			.no_warnings = o->no_warnings,
		},
		.timeout_ms = o->timeout_ms,
		.buffer_mb = o->buffer_mb,
		.verbose = session_verbose(s, 5),
		.daemon = o->flight && o->output,
	};
}

static int run_user(const struct session *s)
{
	struct run_options o = run_options_of(s);

	if (!s->opt.flight || o.daemon)
		return user_run(&o);
	fputs("ERROR: on the user runtime -F needs -o FILE: there is no module to detach from\n", stderr);
	return 1;
}

static int run_kernel(const struct session *s)
{
	struct kernel_run_options o = {
		.run = run_options_of(s),
		.engine = s->engine_path,
		.detach = s->opt.flight && !s->opt.output,
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
