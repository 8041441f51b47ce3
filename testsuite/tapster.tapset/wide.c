/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings of wide characters. */
#include <uchar.h>

__attribute__((noinline)) int look(const char16_t *good16, const char32_t *good32, const char16_t *bad16,
				   const char32_t *bad32)
{
	__asm__ volatile("" : : "r"(good16), "r"(good32), "r"(bad16), "r"(bad32) : "memory");
	return 0;
}

int main(void)
{
	static const char16_t bad16[] = { 'a', 0xd800, 'b', 0 };
	static const char32_t bad32[] = { 'a', 0x110000, 0 };

	return look(u"a\u00e9\u20ac\U0001f600z", U"a\u00e9\u20ac\U0001f600z", bad16, bad32);
}
