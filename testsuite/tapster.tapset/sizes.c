/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A structure in another one; IPv6 addresses. */
struct inner {
	int a, b;
};
static struct outer {
	long x;
	char pad[5];
	struct inner i;
} outer = { 7, "abc", { 1, 2 } };
static const unsigned char addresses[3][16] = {
	{ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1 }, { [15] = 1 }, { 0xfe, 0x80 },
};

__attribute__((noinline)) int look(struct inner *p, const void *address)
{
	__asm__ volatile("" : : "r"(address) : "memory");
	return p->b;
}

int main(void)
{
	return look(&outer.i, addresses) != 2;
}
