/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings of the runtime: copying with cuts, comparing, searching, escaping, numbers, tokens. */
#include "unit.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "host/rt_host.h"

static char buffer[64] RT_ALIGNED;

static void length(void)
{
	char text[40];

	for (size_t n = 0; n < 32; n++) {
		for (size_t at = 0; at < 8; at++) {
			memset(text, 'x', sizeof(text));
			text[at + n] = 0;
			CHECK_INT(rt_str_len(text + at), n);
		}
	}
}

static void copying_cuts(void)
{
	CHECK_INT(rt_str_copy(buffer, 64, "hello, world"), 12);
	CHECK_STR(buffer, "hello, world");
	for (size_t size = 1; size < 16; size++) {
		char want[16] = "0123456789abcde";

		want[size - 1] = 0;
		memset(buffer, '!', sizeof(buffer));
		CHECK_INT(rt_str_copy(buffer, size, "0123456789abcdef"), size - 1);
		CHECK_STR(buffer, want);
		CHECK(buffer[size] == '!');
	}
	CHECK_INT(rt_str_copy(buffer, 64, buffer), 14);
	CHECK_INT(rt_str_copy_n(buffer, 64, "abcdef", 3), 3);
	CHECK_STR(buffer, "abc");
	CHECK_INT(rt_str_copy_n(buffer, 3, "abcdef", 10), 2);
	CHECK_STR(buffer, "ab");
}

static void concatenation(void)
{
	CHECK_INT(rt_str_cat(buffer, 64, "abc", "defghijklmn"), 14);
	CHECK_STR(buffer, "abcdefghijklmn");
	CHECK_INT(rt_str_cat(buffer, 64, buffer, "op"), 16);
	CHECK_STR(buffer, "abcdefghijklmnop");
	CHECK_INT(rt_str_cat(buffer, 64, "zz", buffer), 18);
	CHECK_STR(buffer, "zzabcdefghijklmnop");
	CHECK_INT(rt_str_cat(buffer, 64, buffer, buffer), 36);
	CHECK_STR(buffer, "zzabcdefghijklmnopzzabcdefghijklmnop");
	CHECK_INT(rt_str_cat(buffer, 8, "abcdef", "ghi"), 7);
	CHECK_STR(buffer, "abcdefg");
	rt_str_copy(buffer, 64, "abc");
	CHECK_INT(rt_str_cat(buffer, 8, "123456", buffer), 7);
	CHECK_STR(buffer, "123456a");
	rt_str_copy(buffer, 64, "abc");
	CHECK_INT(rt_str_append(buffer, 64, "def"), 6);
	CHECK_INT(rt_str_append(buffer, 64, buffer), 12);
	CHECK_STR(buffer, "abcdefabcdef");
	CHECK_INT(rt_str_append(buffer, 16, buffer), 15);
	CHECK_STR(buffer, "abcdefabcdefabc");
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void comparison(void)
{
	static const char *const texts[] = { "", "a", "b", "ab", "abcdefgh", "abcdefghi", "abcdefgx", "\xff", "\x7f",
					     "abcdefghabcdefgh", "abcdefghabcdefgi" };
	size_t n = sizeof(texts) / sizeof(*texts);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			CHECK_INT(rt_str_cmp(texts[i], texts[j]), sign(strcmp(texts[i], texts[j])));
			CHECK_INT(rt_str_eq(texts[i], texts[j]), i == j);
		}
}

/* Nothing is read from the page behind a string that ends with its page. */
static void at_the_end_of_a_page(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(page + 4096, 4096, PROT_NONE);
	for (size_t n = 0; n < 20; n++) {
		char *s = page + 4096 - n - 1;

		memset(s, 'y', n);
		s[n] = 0;
		CHECK_INT(rt_str_len(s), n);
		CHECK_INT(rt_str_copy(buffer, sizeof(buffer), s), n);
		CHECK(rt_str_eq(buffer, s));
		CHECK_INT(rt_str_cmp(s, buffer), 0);
	}
	munmap(page, 8192);
}

static void searching(void)
{
	const char *s = "a needle in a haystack";

	CHECK_INT(rt_str_find(s, "needle") - s, 2);
	CHECK_INT(rt_str_find(s, "") - s, 0);
	CHECK_INT(rt_str_find(s, "stack") - s, 17);
	CHECK(rt_str_find(s, "stacks") == NULL);
	CHECK(rt_str_find("aab", "ab") != NULL);
}

static void escaping(void)
{
	CHECK_INT(rt_str_escape(buffer, 64, "a\tb\n\"\\\001\377", 64), 18);
	CHECK_STR(buffer, "a\\tb\\n\\\"\\\\\\001\\377");
	CHECK_INT(rt_str_escape(buffer, 4, "ab\n", 64), 2);
	CHECK_STR(buffer, "ab");
	CHECK_INT(rt_str_escape(buffer, 64, "abcdef", 3), 3);
	rt_str_quote(buffer, 64, "say \"x\"", 64, 0, false);
	CHECK_STR(buffer, "\"say \\\"x\\\"\"");
	rt_str_quote(buffer, 64, "abcdefghij", 64, 8, false);
	CHECK_STR(buffer, "\"abc\"...");
	rt_str_quote(buffer, 64, "abcdef", 64, 8, false);
	CHECK_STR(buffer, "\"abcdef\"");
	rt_str_quote(buffer, 64, "abc", 3, 0, true);
	CHECK_STR(buffer, "\"abc\"...");
	rt_str_quote(buffer, 4, "abc", 3, 0, false);
	CHECK_STR(buffer, "");
}

static void numbers(void)
{
	CHECK_INT(rt_str_to_long("123", 10), 123);
	CHECK_INT(rt_str_to_long("-42x", 10), -42);
	CHECK_INT(rt_str_to_long(" 42", 10), 0);
	CHECK_INT(rt_str_to_long("0x1F", 16), 31);
	CHECK_INT(rt_str_to_long("0x1F", 0), 31);
	CHECK_INT(rt_str_to_long("1F", 16), 31);
	CHECK_INT(rt_str_to_long("0755", 0), 0755);
	CHECK_INT(rt_str_to_long("0755", 10), 755);
	CHECK_INT(rt_str_to_long("101", 2), 5);
	CHECK_INT(rt_str_to_long("fz", 36), 15);
	CHECK_INT(rt_str_to_long("0xg", 16), 0);
	CHECK_INT(rt_str_to_long("none", 10), 0);
	CHECK_INT(rt_str_to_long("9", ~0u), 9);
	CHECK_INT(rt_str_to_long("", ~0u), 0);
	CHECK_INT(rt_str_to_long("-9223372036854775808", 10), INT64_MIN);
}

static void tokens(void)
{
	struct rt_context *c = host_start();

	rt_tokenize(c, buffer, 64, ",one, two,,three", ", ");
	CHECK_STR(buffer, "one");
	rt_tokenize(c, buffer, 64, "", ", ");
	CHECK_STR(buffer, "two");
	rt_tokenize(c, buffer, 64, "", ", ");
	CHECK_STR(buffer, "three");
	rt_tokenize(c, buffer, 64, "", ", ");
	CHECK_STR(buffer, "");
	rt_tokenize(c, buffer, 64, "", ", ");
	CHECK_STR(buffer, "");
	rt_tokenize(c, buffer, 64, "a b", "");
	CHECK_STR(buffer, "a b");
	free(c);
}

UNIT_MAIN(TEST(length), TEST(copying_cuts), TEST(concatenation), TEST(comparison), TEST(at_the_end_of_a_page),
	  TEST(searching), TEST(escaping), TEST(numbers), TEST(tokens))
