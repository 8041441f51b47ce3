/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes the second instruction of a function of its own, has that noticed, and calls it. */
#include <string.h>
#include <sys/mman.h>

__asm__(".globl changed\n.type changed,@function\n.p2align 4\nchanged:\n"
	"\tpush $1\n\tpop %rax\n\tret\n\t.size changed,.-changed\n");
long changed(void);

int main(void)
{
	char *page = (char *)((unsigned long)changed & -4096UL);
	long before = changed();

	mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
	((char *)changed)[1] = 2; /* push $2 */
	mprotect(page, 8192, PROT_READ | PROT_EXEC);
	return before == 1 && changed() == 2 ? 0 : 1;
}
