/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/driver.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/driver/daemon.h"
#include "runtime/user/reader.h"
#include "runtime/user/running.h"
#include "runtime/user/tracer.h"

struct timer {
	uint32_t probe;
	uint64_t due_ns;
};

struct driver {
	const struct driver_start *start;
	const struct run_options *o;
	struct image *im;
	struct space_env env;
	struct tracer tracer;
	struct arrivals *arrivals; /* NULL: none are watched for */
	struct reader *reader;
	struct rt_context *c; /* for probes that run here */
	struct timer *timers;
	size_t n_timers;
	struct sink *sink;
	int wake_fd;
	bool is_interrupted; /* by SIGINT or its like */
	bool is_paused;  /* the front is stopped: nothing is printed, no timer runs */
	bool is_running; /* ordinary probes may run */
	pid_t described; /* im.process describes this process, not us; 0: us */
};

/* ---- the object's functions ---- */

#define OBJECT_CALL(d, type, field) ((type)(uintptr_t)image_at((d)->im, (d)->im->header->field))

static void call_handler(struct driver *d, uint32_t probe)
{
	d->c->busy = 1;
	OBJECT_CALL(d, image_indexed *, script_probe)(d->c, probe);
	d->c->busy = 0;
}

static bool accept_class(struct driver *d, enum rt_class class)
{
	return OBJECT_CALL(d, bool (*)(enum rt_class), session_accept)(class);
}

/* A handler that runs here may read bad addresses as well. */
static const struct image *faulting_image;

static void on_fault(int signal, siginfo_t *info, void *data)
{
	ucontext_t *uc = data;
	const struct image *im = faulting_image;
	uint64_t ip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP] - (uint64_t)(uintptr_t)im->base;
	(void)info;
	const struct user_fixup *f = image_at(im, im->header->fixups);
	const struct user_fixup *end = image_at(im, im->header->fixups_end);
	for (; f < end; f++)
		if ((uint64_t)((const char *)&f->from + f->from - im->base) == ip) {
			uc->uc_mcontext.gregs[REG_RIP] =
				(greg_t)(uintptr_t)((const char *)&f->to + f->to);
			return;
		}
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigaction(signal, &dfl, NULL); /* a fault of our own */
}

static void catch_faults(const struct image *im)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_NODEFER };
	faulting_image = im;
	sa.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* The driver's own context is the last one of the pool; others find it taken. */
static void make_context(struct driver *d)
{
	struct user_session *s = d->im->session;
	uint32_t i = s->n_contexts - 1;
	union user_claim *claim = &image_claims(d->im)[i];
	claim->tid = (uint32_t)getpid();
	claim->token = 0;
	struct user_context *u = image_context(d->im, i);
	d->c = &u->rt;
	OBJECT_CALL(d, void (*)(struct rt_context *, uint16_t), context_init)(d->c, (uint16_t)(i + 1));
	OBJECT_CALL(d, void (*)(struct rt_context *, int32_t, int32_t), context_claim)
	(d->c, getpid(), getpid());
	u->ready = 1;
	d->c->port = u;
}

/* Probes that run here see the tool, not this process. */
static void be_ourselves(struct driver *d)
{
	const struct driver_start *start = d->start;
	struct user_process *p = d->im->process;
	d->described = 0;
	p->flags = USER_PROCESS_DRIVER;
	d->c->pid = d->c->tid = p->pid = start->pid;
	p->ppid = start->ppid;
	p->uid = (int32_t)getuid();
	p->euid = (int32_t)geteuid();
	p->gid = (int32_t)getgid();
	p->egid = (int32_t)getegid();
	memcpy(p->comm, start->name, sizeof p->comm);
	memcpy(p->strings, start->strings, sizeof p->strings);
}

/* Runs probes of KIND by the order of their ARG, then that of the script. */
static void run_ordered(struct driver *d, enum script_probe_kind kind)
{
	int64_t last = INT64_MIN;
	bool first = true;
	for (;;) {
		int64_t next = INT64_MAX;
		bool any = false;
		for (uint32_t i = 0; i < d->im->info->n_probes; i++) {
			const struct script_probe *p = &d->im->probes[i];
			if (p->kind == kind && (first || p->arg > last) && (!any || p->arg < next)) {
				next = p->arg;
				any = true;
			}
		}
		if (!any)
			return;
		for (uint32_t i = 0; i < d->im->info->n_probes; i++)
			if (d->im->probes[i].kind == kind && d->im->probes[i].arg == next)
				call_handler(d, i);
		last = next;
		first = false;
	}
}

/* ---- setting up ---- */

/* Offset of the vDSO's clock_gettime, the same in all processes of a kernel. */
static uint64_t find_vdso_clock(void)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (!base)
		return 0;
	const Elf64_Ehdr *eh = (const void *)base;
	const Elf64_Phdr *ph = (const void *)(base + eh->e_phoff);
	const char *bias = base;
	const Elf64_Dyn *dyn = NULL;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			bias = base + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (const void *)(base + ph[i].p_offset);
	}
	const Elf64_Sym *syms = NULL;
	const char *names = NULL;
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			syms = (const void *)(bias + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_STRTAB)
			names = bias + dyn->d_un.d_ptr;
	}
	/* The string table follows the symbols. */
	for (const Elf64_Sym *s = syms; names && s && (const char *)(s + 1) <= names; s++)
		if (strcmp(names + s->st_name, "__vdso_clock_gettime") == 0)
			return (uint64_t)(bias + s->st_value - base);
	return 0;
}

static bool find_files(struct driver *d)
{
	const struct image *im = d->im;
	d->env.files = calloc(im->info->n_files ? im->info->n_files : 1, sizeof *d->env.files);
	if (!d->env.files)
		return false;
	for (uint32_t i = 0; i < im->info->n_files; i++) {
		struct probed_file *f = &d->env.files[i];
		struct stat st;
		f->path = image_string(im, im->files[i].path);
		if (stat(f->path, &st) == 0) {
			f->exists = true;
			f->device = st.st_dev;
			f->inode = st.st_ino;
		} else if (!d->o->output.no_warnings) {
			fprintf(stderr, "WARNING: %s: %s; its probes never run\n", f->path,
				strerror(errno));
		}
	}
	for (uint32_t i = 0; i < im->info->n_probes; i++)
		if (im->probes[i].kind == PROBE_RETURN)
			d->env.has_returns = true;
	for (uint32_t i = 0; i < im->info->n_sites; i++)
		if (im->sites[i].file < im->info->n_files)
			d->env.files[im->sites[i].file].is_wanted = true;
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t period(const struct script_probe *p)
{
	int64_t ns = p->arg;
	if (p->arg2 > 0)
		ns += random() % (2 * p->arg2 + 1) - p->arg2;
	return ns > 1000 ? (uint64_t)ns : 1000;
}

static bool set_timers(struct driver *d)
{
	uint64_t now = now_ns();
	d->timers = calloc(d->im->info->n_probes + 1, sizeof *d->timers);
	if (!d->timers)
		return false;
	for (uint32_t i = 0; i < d->im->info->n_probes; i++)
		if (d->im->probes[i].kind == PROBE_TIMER) {
			d->timers[d->n_timers].probe = i;
			d->timers[d->n_timers++].due_ns = now + period(&d->im->probes[i]);
		}
	return true;
}

static bool open_fds(struct driver *d)
{
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->sink = sink_open(&d->o->output, d->start->group);
	if (!d->sink)
		return false;
	if (d->wake_fd < 0)
		fprintf(stderr, "ERROR: %s\n", strerror(errno));
	return d->wake_fd >= 0;
}

/* ---- process and thread probes ---- */

static bool runs_file(const struct driver *d, const struct process *p, int64_t file)
{
	if (file < 0 || file >= (int64_t)d->im->info->n_files)
		return true;
	const struct probed_file *f = &d->env.files[file];
	return p->exe_device == f->device && p->exe_inode == f->inode;
}

static bool wants_process(const struct driver *d, const struct script_probe *p,
			  const struct process *process)
{
	return (!p->arg2 || p->arg2 == process->pid) && (!p->pid || p->pid == process->pid) &&
	       runs_file(d, process, p->arg);
}

/* From now on handlers run here for PROCESS: what they ask for is its. */
static void be_process(struct driver *d, const struct process *process)
{
	struct user_process *own = d->im->process;
	uint64_t clock_gettime = own->clock_gettime;
	if (d->described == process->pid)
		return;
	space_describe_process(&d->env, own, process->pid);
	memcpy(own->comm, process->comm, sizeof own->comm);
	own->clock_gettime = clock_gettime;
	own->flags = USER_PROCESS_DRIVER | USER_PROCESS_REMOTE;
	own->memory = process->space->mem.fd;
	d->described = process->pid;
}

/* Runs the probes of KIND that want process P, as if in its thread TID. */
static void run_process_probes(struct driver *d, enum script_probe_kind kind,
			       const struct process *process, pid_t tid)
{
	if (!d->is_running)
		return;
	for (uint32_t i = 0; i < d->im->info->n_probes; i++) {
		const struct script_probe *p = &d->im->probes[i];
		if (p->kind != kind || !wants_process(d, p, process))
			continue;
		be_process(d, process);
		d->c->pid = process->pid;
		d->c->tid = tid;
		call_handler(d, i);
	}
}

static void run_event(struct driver *d, enum script_probe_kind kind, const struct process *process,
		      pid_t tid)
{
	run_process_probes(d, kind, process, tid);
	if (d->described)
		be_ourselves(d);
}

static void on_process_begun(void *data, struct process *p)
{
	run_event(data, PROBE_PROCESS_BEGIN, p, p->pid);
}

static void on_process_ended(void *data, struct process *p)
{
	run_event(data, PROBE_PROCESS_END, p, p->pid);
}

static void on_thread_begun(void *data, struct process *p, pid_t tid)
{
	run_event(data, PROBE_THREAD_BEGIN, p, tid);
}

static void on_thread_ended(void *data, struct process *p, pid_t tid)
{
	run_event(data, PROBE_THREAD_END, p, tid);
}

/* ---- system calls ---- */

static bool wants_syscalls(void *data, const struct process *p)
{
	const struct driver *d = data;
	for (uint32_t i = 0; i < d->im->info->n_probes; i++)
		if ((d->im->probes[i].kind == PROBE_SYSCALL ||
		     d->im->probes[i].kind == PROBE_SYSCALL_RETURN) &&
		    wants_process(d, &d->im->probes[i], p))
			return true;
	return false;
}

/* Calls after which a process may be another user's, or have another name. */
static bool changes_identity(const struct rt_regs *r, bool is_32bit)
{
	switch (r->orig_ax) {
	case SYS_setuid: case SYS_setgid: case SYS_setreuid: case SYS_setregid:
	case SYS_setresuid: case SYS_setresgid: case SYS_prctl:
		return true;
	default:
		return is_32bit;
	}
}

static void copy_regs(struct rt_regs *to, const struct user_regs_struct *from)
{
	*to = (struct rt_regs){
		.r15 = from->r15, .r14 = from->r14, .r13 = from->r13, .r12 = from->r12,
		.bp = from->rbp, .bx = from->rbx, .r11 = from->r11, .r10 = from->r10,
		.r9 = from->r9, .r8 = from->r8, .ax = from->rax, .cx = from->rcx, .dx = from->rdx,
		.si = from->rsi, .di = from->rdi, .orig_ax = from->orig_rax, .ip = from->rip,
		.cs = from->cs, .flags = from->eflags, .sp = from->rsp, .ss = from->ss,
	};
}

/* Descriptions of the process are kept from one call to the next: most are of one process. */
static void on_syscall(void *data, struct process *p, pid_t tid, bool is_return, bool is_32bit,
		       const struct user_regs_struct *regs)
{
	struct driver *d = data;
	struct rt_regs r;
	copy_regs(&r, regs);
	d->c->regs = &r;
	d->c->ip = r.ip;
	d->c->is_32bit = is_32bit;
	modules_describe(&d->env, image_at(d->im, d->im->header->modules), p->pid);
	run_process_probes(d, is_return ? PROBE_SYSCALL_RETURN : PROBE_SYSCALL, p, tid);
	d->c->regs = NULL;
	d->c->ip = 0;
	d->c->is_32bit = false;
	if (d->described && is_return && changes_identity(&r, is_32bit)) {
		process_look(p);
		be_ourselves(d);
	}
}

/* ---- targets ---- */

static int launch(struct driver *d)
{
	char **words = host_command_words(d->o->command);
	if (!words) {
		fprintf(stderr, "ERROR: the command of -c is empty\n");
		return -EINVAL;
	}
	int err = tracer_launch(&d->tracer, words);
	if (err)
		fprintf(stderr, "ERROR: cannot run %s: %s\n", words[0], strerror(-err));
	return err;
}

/* What scripts may ask of the tool and of the user who runs it: stp_pid(), is_myproc(), and
 * the time zone, as it is now. */
static void describe_tool(const struct driver *d)
{
	struct rt_session *rt = d->im->rt;
	time_t now = time(NULL);
	struct tm local;

	rt->tool_pid = d->start->pid;
	rt->tool_uid = (int32_t)getuid();
	if (!localtime_r(&now, &local))
		return;
	rt->tz_offset = local.tm_gmtoff;
	snprintf(rt->tz_name, sizeof(rt->tz_name), "%s", local.tm_zone);
}

static int get_targets(struct driver *d)
{
	int err = 0;

	describe_tool(d);
	if (d->o->command) {
		err = launch(d);
		d->im->rt->target = d->tracer.command_pid;
	} else if (d->o->target) {
		char name[16];
		pid_t other;
		err = tracer_attach(&d->tracer, d->o->target);
		if (err == -EPERM && (other = tracer_of(d->o->target, name)) > 0 && other != getpid())
			fprintf(stderr, "ERROR: cannot trace process %d: %s (process %d) does already\n",
				d->o->target, name, other);
		else if (err)
			fprintf(stderr, "ERROR: cannot trace process %d: %s\n", d->o->target,
				err == -ESRCH ? "there is none, or it has ended" : strerror(-err));
		d->im->rt->target = d->o->target;
	} else {
		running_attach(&d->tracer, &d->arrivals);
	}
	return err;
}

/* ---- the loop ---- */

static int next_timeout(const struct driver *d, uint64_t deadline)
{
	uint64_t due = deadline, now = now_ns();
	for (size_t i = 0; i < d->n_timers && !d->is_paused; i++)
		if (d->timers[i].due_ns < due)
			due = d->timers[i].due_ns;
	if (due == UINT64_MAX)
		return -1;
	uint64_t ms = due <= now ? 0 : (due - now + 999999) / 1000000;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

static void run_timers(struct driver *d)
{
	for (size_t i = 0; i < d->n_timers; i++) {
		struct timer *t = &d->timers[i];
		const struct script_probe *p = &d->im->probes[t->probe];
		uint64_t now = now_ns();
		if (now < t->due_ns)
			continue;
		if (d->described)
			be_ourselves(d);
		call_handler(d, t->probe);
		t->due_ns += period(p);
		if (t->due_ns <= now) /* missed some */
			t->due_ns = now + period(p);
	}
}

/* The front was killed: nobody waits for more than that the targets are left as they were. */
static bool is_orphaned(const struct driver *d)
{
	struct pollfd fd = { d->start->link_fd, 0, 0 };
	return poll(&fd, 1, 0) == 1;
}

/* What the user says by signals; nearly always to the front, which passes them on. */
static void take_signals(struct driver *d)
{
	struct signalfd_siginfo info;
	char signal;
	while (read(d->start->signals->fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGUSR2)
			sink_switch(d->sink);
		else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGTSTP)
			d->is_interrupted = true;
	while (read(d->start->link_fd, &signal, 1) == 1)
		if (signal == SIGTSTP || signal == SIGCONT) {
			d->is_paused = signal == SIGTSTP;
			reader_pause(d->reader, d->is_paused);
		} else if (signal == SIGUSR2) {
			sink_switch(d->sink);
		} else {
			d->is_interrupted = true;
		}
}

/* Supervises until something ends the session. */
static void supervise(struct driver *d)
{
	uint64_t deadline = d->o->timeout_ms ? now_ns() + d->o->timeout_ms * 1000000 : UINT64_MAX;
	bool has_target = d->o->command || d->o->target;
	while (!is_orphaned(d)) {
		bool is_busy = tracer_poll(&d->tracer);
		if (!d->is_paused)
			run_timers(d);
		if (d->im->rt->exiting || d->im->rt->error_state || now_ns() >= deadline ||
		    (d->o->command ? d->tracer.command_done : has_target && !d->tracer.processes))
			return;
		struct pollfd fds[] = { { d->start->signals->fd, POLLIN, 0 },
					{ d->start->link_fd, POLLIN, 0 },
					{ d->wake_fd, POLLIN, 0 },
					{ arrivals_fd(d->arrivals), POLLIN, 0 } };
		poll(fds, 4, is_busy ? 0 : next_timeout(d, deadline));
		uint64_t ignored;
		if (fds[2].revents && read(d->wake_fd, &ignored, sizeof ignored) < 0 && errno != EAGAIN)
			return;
		if (fds[3].revents)
			arrivals_take(d->arrivals);
		take_signals(d);
		if (d->is_interrupted)
			return;
	}
}

/* ---- the end ---- */

static int report(struct driver *d, bool output_good)
{
	const struct rt_session *rt = d->im->rt;
	uint32_t n_errors = rt->n_errors + rt->n_suppressed;
	int status = rt->n_errors || !output_good ? 1 : 0;

	if (rt->too_many_skipped) {
		fprintf(stderr, "ERROR: Skipped too many probes, check MAXSKIPPED or try again with "
				"stap -t for more details.\n");
		status = 1;
	}
	if ((n_errors || rt->n_skipped) && !d->o->output.no_warnings)
		fprintf(stderr, "WARNING: Number of errors: %" PRIu32 ", skipped probes: %" PRIu64 "\n",
			n_errors, rt->n_skipped);
	for (uint32_t i = 0; d->o->verbose && i < d->im->info->n_probes; i++)
		for (unsigned r = 0; r < RT_SKIPS; r++) {
			uint64_t n = OBJECT_CALL(d, uint64_t (*)(uint32_t, enum rt_skip), ledger_skipped)(
				i, (enum rt_skip)r);
			if (n)
				fprintf(stderr, "%s: %" PRIu64 " skipped: %s\n",
					image_string(d->im, d->im->probes[i].name), n,
					OBJECT_CALL(d, const char *(*)(enum rt_skip), skip_text)(
						(enum rt_skip)r));
		}
	if (rt->dropped && !d->o->output.no_warnings)
		fprintf(stderr, "WARNING: There were %" PRIu64 " transport failures.\n", rt->dropped);
	return status;
}

/* All is armed; from now on a daemon says nothing. */
static void tell_front(struct driver *d)
{
	if (!d->o->daemon)
		return;
	daemon_hush();
	d->start->result->is_started = true;
	kill(d->start->pid, SIGCHLD);
}

/* Goes no further when the front has died on the way. */
static int run(struct driver *d)
{
	OBJECT_CALL(d, void (*)(void), session_init)();
	OBJECT_CALL(d, image_handler *, script_init)(d->c);
	if (get_targets(d) < 0) {
		arrivals_stop(d->arrivals);
		tracer_close(&d->tracer, true);
		reader_stop(d->reader);
		return 1;
	}
	bool started = false;
	if (accept_class(d, RT_BEGIN))
		run_ordered(d, PROBE_BEGIN);
	reader_flush(d->reader); /* before the command's own output */
	if (!is_orphaned(d) && accept_class(d, RT_ORDINARY)) {
		started = d->is_running = true;
		for (struct process *p = d->tracer.processes; p; p = p->next)
			if (p->is_begun)
				on_process_begun(d, p);
		if (set_timers(d)) {
			tracer_start(&d->tracer);
			tell_front(d);
			supervise(d);
		}
	}
	d->im->rt->accept = 0;
	d->is_running = false;
	if (d->described)
		be_ourselves(d);
	arrivals_stop(d->arrivals);
	tracer_close(&d->tracer, !started);
	if (is_orphaned(d))
		_exit(1);
	reader_pause(d->reader, false);
	if (accept_class(d, RT_END))
		run_ordered(d, PROBE_END);
	if (d->im->rt->error_state && accept_class(d, RT_ERROR))
		run_ordered(d, PROBE_ERROR);
	d->im->rt->accept = 0;
	bool good = reader_stop(d->reader);
	return report(d, good);
}

/* The supervisor keeps a file open for every process. */
static void raise_file_limit(struct driver *d)
{
	struct rlimit now;
	if (getrlimit(RLIMIT_NOFILE, &now) < 0)
		return;
	d->tracer.file_limit = now;
	now.rlim_cur = now.rlim_max;
	setrlimit(RLIMIT_NOFILE, &now);
}

void driver_run(const struct driver_start *start)
{
	struct driver d = { .start = start, .o = start->o, .im = start->im };
	struct driver_result *result = start->result;

	d.env.im = d.im;
	d.env.vdso_clock_gettime = find_vdso_clock();
	d.env.always_break = getenv("TAPSTER_BREAK");
	d.env.verbose = d.o->verbose;
	d.env.no_warnings = d.o->output.no_warnings;
	d.tracer.env = &d.env;
	d.tracer.data = &d;
	d.tracer.process_begun = on_process_begun;
	d.tracer.process_ended = on_process_ended;
	d.tracer.thread_begun = on_thread_begun;
	d.tracer.thread_ended = on_thread_ended;
	d.tracer.wants_syscalls = wants_syscalls;
	d.tracer.syscall_stop = on_syscall;
	d.tracer.command_signals = start->signals;
	d.tracer.command_group = start->group;
	d.tracer.rescuer = start->pid;
	raise_file_limit(&d);
	result->status = 1;
	if (find_files(&d) && open_fds(&d)) {
		uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
		d.im->process->clock_gettime = d.env.vdso_clock_gettime ?
						       vdso + d.env.vdso_clock_gettime : 0;
		make_context(&d);
		be_ourselves(&d);
		catch_faults(d.im);
		d.reader = reader_start(&(struct reader_start){
			.im = d.im, .sink = d.sink, .wake_fd = d.wake_fd, .front_fd = start->link_fd });
		if (d.reader)
			result->status = run(&d);
		else
			fprintf(stderr, "ERROR: cannot start a thread\n");
	}
	if (d.sink && !is_orphaned(&d) && !sink_close(d.sink))
		result->status = 1;
	result->command_done = d.tracer.command_done;
	result->command_status = d.tracer.command_status;
	result->is_complete = true;
}
