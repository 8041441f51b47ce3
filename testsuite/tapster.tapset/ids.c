/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and registers to be looked at. */
struct numbers {
	signed char s8;
	unsigned char u8;
	short s16;
	unsigned short u16;
	int s32;
	unsigned u32;
	long s64;
};

__attribute__((noinline)) long look(const char *text, const struct numbers *n, int third, long fourth, int fifth,
				    int sixth, long seventh)
{
	__asm__ volatile("" : : "r"(text), "r"(n) : "memory");
	return third + fourth + fifth + sixth + seventh;
}

int main(void)
{
	static const struct numbers n = { -1, 255, -2, 65534, -3, 4294967293, -4 };

	return look("hello\tworld", &n, -3, -4, 5, 6, 7) != 11;
}
