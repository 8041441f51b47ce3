/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Static marks as sys/sdt.h makes them, without needing it. */
#include <stdio.h>

__asm__(".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
	".weak _.stapsdt.base\n.hidden _.stapsdt.base\n"
	"_.stapsdt.base: .space 1\n.size _.stapsdt.base, 1\n.popsection\n");

#define NOTE(provider, name, semaphore, arguments)                                      \
	"990:	nop\n"                                                                     \
	".pushsection .note.stapsdt,\"?\",\"note\"\n"                                    \
	".balign 4\n.4byte 992f - 991f, 994f - 993f, 3\n"                                \
	"991:	.asciz \"stapsdt\"\n992:	.balign 4\n"                                  \
	"993:	.8byte 990b, _.stapsdt.base, " semaphore "\n"                            \
	".asciz \"" provider "\"\n.asciz \"" name "\"\n.asciz \"" arguments "\"\n"       \
	"994:	.balign 4\n.popsection\n"

unsigned short probes_guarded_semaphore __attribute__((section(".probes")));

__attribute__((noinline)) int work(int a, unsigned char b, long *c)
{
	__asm__ volatile(NOTE("shop", "sale", "0", "%n[sa]@%[a] %n[sb]@%[b] %n[sc]@%[c] %n[sd]@%[d]")
			 : : [sa] "n"(4), [a] "nor"(a), [sb] "n"(-1), [b] "nor"(b),
			     [sc] "n"(8), [c] "nor"(c[1]), [sd] "n"(4), [d] "nor"(-77));
	__asm__ volatile(NOTE("shop", "end__of__day", "0", ""));
	__asm__ volatile(NOTE("bank", "sale", "0", "-4@%%esp"));
	__asm__ volatile(NOTE("bank", "guarded", "probes_guarded_semaphore", ""));
	return a;
}

int main(void)
{
	long list[] = { 1, -5000000000 };

	return work(-3, 200, list) == work(7, 255, list);
}
