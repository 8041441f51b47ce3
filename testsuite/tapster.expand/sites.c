/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A function that can't be probed at its entry beside one that can. */
__asm__(".text\n.type site_bad,@function\nsite_bad:\n\tud2\n\tret\n.size site_bad, . - site_bad\n");

__attribute__((noinline)) int site_good(int n)
{
	__asm__ volatile("");
	return n + 1;
}

int main(int argc, char **argv)
{
	(void)argv;
	return site_good(argc) < 0;
}
