/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls in the name of a child, which must not notice. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/user/remote.h"
#include "testsuite/tapster.unit/unit.h"

extern const char syscall_insn[] __attribute__((visibility("hidden")));
__asm__(".pushsection .text\nsyscall_insn: syscall\n\tud2\n\t.popsection");

static const char constant[] = "read-only";

/* A child that BODY is; seized, and stopped at an event stop. */
static pid_t stopped(void (*body)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		body();
		_exit(7);
	}
	usleep(20000);
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0 || waitpid(pid, &status, __WALL) != pid)
		abort();
	return pid;
}

static int end_of(pid_t pid)
{
	int status;
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	waitpid(pid, &status, __WALL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void spin(void)
{
	for (volatile int i = 0; i < 300000000; i++)
		;
}

static int pipe_fds[2];

static void block(void)
{
	char c;
	if (read(pipe_fds[0], &c, 1) != 1 || c != 'x') /* restarted, not EINTR */
		_exit(1);
}

static void calls(void)
{
	struct remote_call r;
	int64_t result = 0;
	pid_t pid = stopped(spin);
	CHECK_INT(remote_begin(&r, pid, (uint64_t)(uintptr_t)syscall_insn), 0);
	CHECK_INT(remote_syscall(&r, &result, SYS_getpid, 0, 0, 0, 0, 0, 0), 0);
	CHECK_INT(result, pid);
	CHECK_INT(remote_syscall(&r, &result, SYS_close, 12345, 0, 0, 0, 0, 0), 0);
	CHECK_INT(result, -EBADF);
	CHECK_INT(remote_syscall(&r, &result, SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC,
				 MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0), 0);
	CHECK(result > 0 && (result & 0xfff) == 0);
	CHECK_INT(remote_end(&r), 0);
	kill(pid, SIGKILL);
	end_of(pid);
}

static void interrupted_call_goes_on(void)
{
	struct remote_call r;
	int64_t result;
	if (pipe(pipe_fds))
		abort();
	pid_t pid = stopped(block);
	CHECK_INT(remote_begin(&r, pid, (uint64_t)(uintptr_t)syscall_insn), 0);
	CHECK_INT(remote_syscall(&r, &result, SYS_getppid, 0, 0, 0, 0, 0, 0), 0);
	CHECK_INT(result, getpid());
	CHECK_INT(remote_end(&r), 0);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	usleep(10000);
	CHECK_INT(write(pipe_fds[1], "x", 1), 1);
	int status;
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void memory(void)
{
	struct remote_mem m;
	char text[sizeof constant];
	pid_t pid = stopped(spin);
	CHECK_INT(remote_mem_open(&m, pid), 0);
	CHECK_INT(remote_write(&m, (uint64_t)(uintptr_t)constant, "written!!", sizeof constant), 0);
	CHECK_INT(remote_read(&m, (uint64_t)(uintptr_t)constant, text, sizeof text), 0);
	CHECK_STR(text, "written!!");
	CHECK_STR(constant, "read-only"); /* ours is another page now */
	CHECK_INT(remote_read(&m, 16, text, 1), -EFAULT);
	CHECK(remote_write(&m, 16, text, 1) < 0);
	remote_mem_close(&m);
	kill(pid, SIGKILL);
	end_of(pid);
}

static void death(void)
{
	struct remote_call r;
	int64_t result;
	pid_t pid = stopped(spin);
	CHECK_INT(remote_begin(&r, pid, (uint64_t)(uintptr_t)syscall_insn), 0);
	CHECK_INT(remote_syscall(&r, &result, SYS_exit_group, 3, 0, 0, 0, 0, 0), -ESRCH);
	CHECK(WIFEXITED(r.final) && WEXITSTATUS(r.final) == 3);
}

UNIT_MAIN(TEST(calls), TEST(interrupted_call_goes_on), TEST(memory), TEST(death))
