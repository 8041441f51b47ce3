// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is probed: twenty functions with different first instructions, called in ways that
 * are hard on an engine.  Built static, as a position-independent, and as a 32-bit program.
 *
 *	target MODE N [FILE]: prints how often f0..f19 were called altogether, as "calls C"
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SYMBOL(name, body)                                                                         \
	__asm__(".globl " #name "\n.type " #name ",@function\n.p2align 4\n" #name ":\n" body     \
		"\n.size " #name ",.-" #name "\n")
__asm__(".local value\n.comm value,8,8\n");

#ifdef __x86_64__
#define FUNCTION(name, first)                                                                      \
	long name(long x);                                                                         \
	SYMBOL(name, first "\nlea 1(%rdi),%rax\nret")
FUNCTION(f0, "push %rbp\npop %rbp");
FUNCTION(f1, "sub $8,%rsp\nadd $8,%rsp");
FUNCTION(f2, "mov value(%rip),%rcx");
FUNCTION(f3, "endbr64");
FUNCTION(f4, "nop");
FUNCTION(f5, "lea value(%rip),%rcx");
FUNCTION(f6, "jmp 1f\nud2\n1:");
FUNCTION(f7, "jrcxz 1f\n1:");
FUNCTION(f8, "call 1f\njmp 2f\n1:ret\n2:");
FUNCTION(f9, "push %rbx\npop %rbx");
FUNCTION(f10, "mov %rdi,%rsi");
FUNCTION(f11, "xor %eax,%eax");
FUNCTION(f12, "test %rdi,%rdi\nje 1f\n1:");
FUNCTION(f13, "movl $1,value(%rip)");
FUNCTION(f14, "cmpl $1,value(%rip)");
FUNCTION(f15, "mov $39,%eax\nsyscall");
FUNCTION(f16, "movq %xmm0,%xmm1");
FUNCTION(f17, "push value(%rip)\npop %rcx");
FUNCTION(f18, "xchg %rcx,%rdx");
FUNCTION(f19, "push $5\npop %rcx");
SYMBOL(sys_only, "syscall\nret");
SYMBOL(reads, "mov (%rdi),%rax\nret");
SYMBOL(pops, "mov %rdi,%rax\nret $16");
long reads(long *p);
#define FAULT_IP REG_RIP
#define GETPID 39
#define PAUSE 34
#define FORK 57
#define EXIT 60
#else
#define FUNCTION(name, first)                                                                      \
	long name(long x);                                                                         \
	SYMBOL(name, first "\nmov 4(%esp),%eax\ninc %eax\nret")
FUNCTION(f0, "push %ebp\npop %ebp");
FUNCTION(f1, "sub $8,%esp\nadd $8,%esp");
FUNCTION(f2, "mov value,%ecx");
FUNCTION(f3, "endbr32");
FUNCTION(f4, "nop");
FUNCTION(f5, "lea value,%ecx");
FUNCTION(f6, "jmp 1f\nud2\n1:");
FUNCTION(f7, "jecxz 1f\n1:");
FUNCTION(f8, "call 1f\n1: pop %ecx\ncmp $1b,%ecx\nje 2f\nud2\n2:");
FUNCTION(f9, "push %ebx\npop %ebx");
FUNCTION(f10, "mov %esp,%edx");
FUNCTION(f11, "xor %eax,%eax");
FUNCTION(f12, "test %edx,%edx\nje 1f\n1:");
FUNCTION(f13, "movl $1,value");
FUNCTION(f14, "cmpl $1,value");
FUNCTION(f15, "mov $20,%eax\nint $0x80");
FUNCTION(f16, "movups %xmm0,%xmm1");
FUNCTION(f17, "push value\npop %ecx");
FUNCTION(f18, "inc %ecx");
FUNCTION(f19, "push $5\npop %ecx");
SYMBOL(sys_only, "int $0x80\nret");
SYMBOL(reads, "mov (%eax),%eax\nret");
SYMBOL(pops, "mov 4(%esp),%eax\nret $12");
__attribute__((regparm(1))) long reads(long *p);
#define FAULT_IP REG_EIP
#define GETPID 20
#define PAUSE 29
#define FORK 2
#define EXIT 1
#endif

/* the first instruction is the last one */
SYMBOL(ret_only, "ret");
void ret_only(void);

/* a system call whose instruction is the first one of its function */
static long sys(long number, long a)
{
	long result;

#ifdef __x86_64__
	__asm__ volatile("call sys_only" : "=a"(result) : "0"(number), "D"(a) : "rcx", "r11", "memory");
#else
	__asm__ volatile("call sys_only" : "=a"(result) : "0"(number), "b"(a) : "memory");
#endif
	return result;
}

/* calls pops, whose return takes arguments from the stack, too */
static long call_pops(long x)
{
	long result;

#ifdef __x86_64__
	__asm__ volatile("push %1\npush %1\ncall pops" : "=a"(result) : "D"(x) : "memory");
#else
	__asm__ volatile("push %1\npush %1\npush %1\ncall pops" : "=a"(result) : "r"(x) : "memory");
#endif
	return result;
}

static long (*const all[])(long) = {f0,  f1,  f2,  f3,  f4,  f5,  f6,  f7,  f8,  f9,
				    f10, f11, f12, f13, f14, f15, f16, f17, f18, f19};
#define N_ALL (sizeof(all) / sizeof(all[0]))

static long n;
static volatile long wrong, stop;

static void *call_all(void *unused)
{
	(void)unused;
	for (long i = 0; i < n; i++)
		for (size_t k = 0; k < N_ALL; k++)
			if (all[k](i) != i + 1)
				wrong++;
	ret_only();
	return NULL;
}

static long run_threads(void)
{
	pthread_t t[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, call_all, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	return 2 * n * (long)N_ALL;
}

__attribute__((noinline)) long recurse(long depth)
{
	return depth ? recurse(depth - 1) + 1 : 0;
}

static jmp_buf back;

__attribute__((noinline)) long jumps(long depth)
{
	if (depth == 0)
		longjmp(back, 1);
	return depth > 0 ? jumps(depth - 1) + 1 : 0;
}

__attribute__((noinline)) long forks(long x)
{
	pid_t pid = fork();

	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid ? x : -x;
}

/* Each round: the parent and the child return from forks(). */
static long run_fork(void)
{
	for (long i = 1; i <= n; i++)
		if (forks(i) < 0) {
			if (f0(i) != i + 1)
				abort();
			_exit(0);
		}
	return n;
}

static long run_exec(char *self)
{
	for (volatile long i = 0; i < n; i++) {
		pid_t pid = i % 2 ? fork() : vfork();
		int status;

		if (pid == 0) {
			execl(self, self, "calls", "1", NULL);
			_exit(1);
		}
		waitpid(pid, &status, 0);
		wrong += status != 0;
	}
	return n * (long)N_ALL;
}

static long run_longjmp(void)
{
	for (volatile long i = 0; i < n; i++) {
		if (setjmp(back) == 0)
			jumps(3);
		recurse(4);
	}
	return n * 5;
}

static void on_alarm(int unused)
{
	(void)unused;
	f0(1);
	recurse(2);
}

static long run_signals(void)
{
	static char stack[65536];
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct itimerval every = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};

	sigaltstack(&ss, NULL);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	for (long i = 0; i < n; i++) {
		if (recurse(5) != 5)
			wrong++;
		for (size_t k = 1; k < N_ALL; k++)
			if (all[k](i) != i + 1)
				wrong++;
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return n * (long)(N_ALL - 1);
}

static void ignore(int unused)
{
	(void)unused;
}

/* Each round: enters sys_only 4 times; the last doesn't return, and fork twice; and pops once. */
static long run_syscall(void)
{
	struct sigaction sa = {.sa_handler = ignore, .sa_flags = SA_RESTART};
	struct itimerval every = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};

	sigaction(SIGALRM, &sa, NULL);
	for (long i = 0; i < n; i++) {
		long pid;
		int status;

		wrong += sys(GETPID, 0) != getpid();
		setitimer(ITIMER_REAL, &every, NULL);
		wrong += sys(PAUSE, 0) != -4; /* EINTR */
		setitimer(ITIMER_REAL, &never, NULL);
		pid = sys(FORK, 0);
		if (pid == 0)
			sys(EXIT, i & 127);
		wrong += pid < 0 || waitpid((pid_t)pid, &status, 0) != pid ||
			 !WIFEXITED(status) || WEXITSTATUS(status) != (i & 127);
		wrong += call_pops(i) != i;
	}
	return n;
}

static sigjmp_buf after_fault;
static volatile unsigned long fault_ip;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	fault_ip = (unsigned long)((ucontext_t *)context)->uc_mcontext.gregs[FAULT_IP];
	siglongjmp(after_fault, 1);
}

static long run_fault(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGSEGV, &sa, NULL);
	for (volatile long i = 0; i < n; i++) {
		if (sigsetjmp(after_fault, 1) == 0)
			reads((long *)16);
		wrong += fault_ip != (unsigned long)&reads;
	}
	return n;
}

/* The text's page loses our copy, is moved away and back, and changes its permissions. */
static long run_map(void)
{
	unsigned long start = (unsigned long)f0 & -4096UL, end = ((unsigned long)ret_only + 4096) & -4096UL;
	size_t size = end - start;
	long calls = 0;

	for (long i = 0; i < n; i++) {
		madvise((void *)start, size, MADV_DONTNEED);
		for (size_t k = 0; k < N_ALL; k++)
			calls += all[k](i) == i + 1;
		mprotect((void *)start, size, PROT_READ);
		mprotect((void *)start, size, PROT_READ | PROT_EXEC);
		for (size_t k = 0; k < N_ALL; k++)
			calls += all[k](i) == i + 1;
	}
	return calls;
}

/* Another mapping of the file's text, executable; called at the new place, moved, called. */
static long run_remap(char *self)
{
	unsigned long page = (unsigned long)f0 & -4096UL;
	unsigned long offset = 0, first, last;
	long calls = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	int fd = open(self, O_RDONLY);

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &first, &last, &offset) == 3 && page >= first &&
		    page < last)
			break;
	fclose(maps);
	offset += page - first;
	for (long i = 0; i < n; i++) {
		char *a = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, (off_t)offset);
		char *to = mmap(NULL, 16384, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		size_t at = (unsigned long)f4 - page;

		calls += ((long (*)(long))(void *)(a + at))(i) == i + 1;
		a = mremap(a, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		calls += ((long (*)(long))(void *)(a + at))(i) == i + 1;
		munmap(a, 16384);
	}
	return calls;
}

/* Of the file's page with f4: f4 in that mapping. */
static long (*map_f4(const char *path, int flags, char **page, int *fd))(long)
{
	unsigned long at = (unsigned long)f4, first, last, offset = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %*s %lx", &first, &last, &offset) == 3 && at >= first &&
		    at < last)
			break;
	fclose(maps);
	offset += (at & -4096UL) - first;
	*fd = open(path, O_RDWR);
	*page = mmap(NULL, 8192, PROT_READ | PROT_EXEC, flags, *fd, (off_t)offset);
	return (long (*)(long))(void *)(*page + at % 4096);
}

static off_t offset_of_f4(int fd)
{
	static const unsigned char code[] = {
#ifdef __x86_64__
		0x90, 0x48, 0x8d, 0x47, 0x01, 0xc3
#else
		0x90, 0x8b, 0x44, 0x24, 0x04, 0x40, 0xc3
#endif
	};
	static unsigned char file[2 << 20];
	ssize_t size = pread(fd, file, sizeof(file), 0);
	unsigned char *found = size > 0 ? memmem(file, (size_t)size, code, sizeof(code)) : NULL;

	return found ? found - file : -1;
}

/*
 * A copy of this program that is open for writing: private mappings that were there keep
 * their breakpoints, those made after the first instruction has changed have none; nor
 * have shared ones.  Returns what is counted.
 */
static long run_written(const char *path)
{
	long (*f)(long), counted = 0;
	char *page, *more;
	int fd, fd2;
	off_t at;

	f = map_f4(path, MAP_SHARED, &page, &fd);
	wrong += f(1) != 2;
	munmap(page, 8192);
	f = map_f4(path, MAP_PRIVATE, &page, &fd2);
	at = offset_of_f4(fd);
	for (long i = 0; i < n; i++, counted++)
		wrong += f(i) != i + 1;
	wrong += at < 0 || pwrite(fd, "\xf8", 1, at) != 1; /* clc */
	for (long i = 0; i < n; i++, counted++)
		wrong += f(i) != i + 1;
	f = map_f4(path, MAP_PRIVATE, &more, &fd2);
	for (long i = 0; i < n; i++)
		wrong += f(i) != i + 1;
	return counted;
}

/* The program writes over its own text: that counts until then, and the new code stays. */
static long run_rewrites(void)
{
	static const unsigned char code[] = {
#ifdef __x86_64__
		0x48, 0x8d, 0x47, 0x02, 0xc3
#else
		0x8b, 0x44, 0x24, 0x04, 0x83, 0xc0, 0x02, 0xc3
#endif
	};
	char *page = (char *)((unsigned long)f9 & -4096UL);

	for (long i = 0; i < n; i++)
		wrong += f9(i) != i + 1;
	mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
	wrong += f9(1) != 2;
	memcpy((void *)f9, code, sizeof(code));
	for (long i = 0; i < n; i++)
		wrong += f9(i) != i + 2;
	mprotect(page, 8192, PROT_READ | PROT_EXEC);
	for (long i = 0; i < n; i++)
		wrong += f9(i) != i + 2;
	return n + 1;
}

static long cost_of(long (*function)(long))
{
	struct timespec a, b;

	for (long i = 0; i < 1000; i++)
		function(0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (long i = 0; i < n; i++)
		function(0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec) / n;
}

/* Nanoseconds a call: instructions, where the virtual machine's clock counts those. */
static long run_cost(void)
{
	printf("cost push %ld sub %ld mov %ld endbr %ld call %ld return %ld\n", cost_of(f0),
	       cost_of(f1), cost_of(f2), cost_of(f3), cost_of(f8), cost_of(recurse));
	return n;
}

static void on_term(int unused)
{
	(void)unused;
	stop = 1;
}

static void *spin(void *unused)
{
	(void)unused;
	for (long i = 0; !stop; i++) {
		for (size_t k = 0; k < N_ALL; k++)
			if (all[k](i) != i + 1)
				wrong++;
		if (recurse(3) != 3)
			wrong++;
	}
	return NULL;
}

/* Until SIGTERM; and a child now and then. */
static long run_spin(void)
{
	pthread_t t;

	signal(SIGTERM, on_term);
	pthread_create(&t, NULL, spin, NULL);
	spin(NULL);
	pthread_join(t, NULL);
	return 0;
}

__attribute__((noinline)) long sleeps(long x)
{
	while (!stop)
		pause();
	return x + 1;
}

static long run_sleep(void)
{
	signal(SIGTERM, on_term);
	wrong += sleeps(1) != 2;
	return 1;
}

/* A system call that is the first instruction of its function, until SIGTERM. */
static long run_pause(void)
{
	signal(SIGTERM, on_term);
	wrong += sys(PAUSE, 0) != -4; /* EINTR */
	return 1;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[1] : "";
	long calls = 0;

	n = argc > 2 ? atol(argv[2]) : 0;
	if (strcmp(mode, "calls") == 0) {
		call_all(NULL);
		return wrong != 0;
	}
	if (strcmp(mode, "threads") == 0)
		calls = run_threads();
	else if (strcmp(mode, "fork") == 0)
		calls = run_fork();
	else if (strcmp(mode, "exec") == 0)
		calls = run_exec(argv[0]);
	else if (strcmp(mode, "longjmp") == 0)
		calls = run_longjmp();
	else if (strcmp(mode, "signals") == 0)
		calls = run_signals();
	else if (strcmp(mode, "syscall") == 0)
		calls = run_syscall();
	else if (strcmp(mode, "fault") == 0)
		calls = run_fault();
	else if (strcmp(mode, "map") == 0)
		calls = run_map();
	else if (strcmp(mode, "remap") == 0)
		calls = run_remap(argv[0]);
	else if (strcmp(mode, "written") == 0)
		calls = run_written(argv[3]);
	else if (strcmp(mode, "rewrites") == 0)
		calls = run_rewrites();
	else if (strcmp(mode, "spin") == 0)
		calls = run_spin();
	else if (strcmp(mode, "sleep") == 0)
		calls = run_sleep();
	else if (strcmp(mode, "pause") == 0)
		calls = run_pause();
	else if (strcmp(mode, "cost") == 0)
		calls = run_cost();
	printf("calls %ld wrong %ld\n", calls, wrong);
	return wrong != 0;
}
