/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mark that is reached only while somebody listens, as sys/sdt.h makes them. */
unsigned short listeners __attribute__((section(".probes")));

__attribute__((noinline)) static void work(long i)
{
	if (*(volatile unsigned short *)&listeners)
		__asm__ volatile("990: nop\n"
				 ".pushsection .note.stapsdt,\"?\",\"note\"\n"
				 ".balign 4\n .4byte 992f - 991f, 994f - 993f, 3\n"
				 "991: .asciz \"stapsdt\"\n992: .balign 4\n"
				 "993: .8byte 990b, 0, listeners\n"
				 ".asciz \"shop\"\n .asciz \"customer\"\n .asciz \"8@%0\"\n"
				 "994: .balign 4\n.popsection\n"
				 : : "r"(i), "m"(listeners));
}

int main(void)
{
	for (long i = 0; i < 3; i++)
		work(i);
	return 0;
}
