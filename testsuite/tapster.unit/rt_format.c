/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing: every directive with flags, width and precision; full buffers; sprintf; dates. */
#include "unit.h"

#include <stdlib.h>

#include "host/rt_host.h"

static struct rt_context *c;

static const char *number(uint32_t conv, uint32_t flags, int64_t width, int64_t precision, int64_t v)
{
	rt_print_num(c, conv, flags, width, precision, v);
	return host_printed(c);
}

/* The directives that C has too give what C gives. */
static void numbers_as_in_c(void)
{
	static const struct {
		char letter;
		uint32_t conv;
	} convs[] = { { 'd', RT_SIGNED }, { 'u', RT_UNSIGNED }, { 'o', RT_OCTAL }, { 'x', RT_HEX },
		      { 'X', RT_HEX_UPPER } };
	static const struct {
		char letter;
		uint32_t flag;
	} flags[] = { { 0, 0 }, { '-', RT_LEFT }, { '0', RT_ZERO }, { '#', RT_ALT }, { '+', RT_PLUS }, { ' ', RT_SPACE } };
	static const int64_t values[] = { 1, -1, 8, 123456789012, INT64_MIN, INT64_MAX, 0 };

	c = host_start();
	for (size_t i = 0; i < sizeof(convs) / sizeof(*convs); i++)
		for (size_t f = 0; f < sizeof(flags) / sizeof(*flags); f++)
			for (int width = -1; width < 26; width += 13)
				for (int precision = -1; precision < 6; precision += 2)
					for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
						char format[32], want[64];
						int at = 0;

						/* not defined in C, or otherwise */
						if ((flags[f].letter == '+' || flags[f].letter == ' ') && i > 0)
							continue;
						if (flags[f].letter == '#' && (i < 2 || !values[v]))
							continue;
						if (precision >= 0 && (flags[f].letter == '0' ||
								       (flags[f].letter == '#' && i == 2)))
							continue;
						at += sprintf(format, "%%%.1s", &flags[f].letter);
						if (width >= 0)
							at += sprintf(format + at, "%d", width);
						if (precision >= 0)
							at += sprintf(format + at, ".%d", precision);
						sprintf(format + at, "ll%c", convs[i].letter);
						snprintf(want, sizeof(want), format, (long long)values[v]);
						CHECK_STR(number(convs[i].conv, flags[f].flag, width, precision,
								 values[v]), want);
					}
	free(c);
}

static void numbers_otherwise(void)
{
	c = host_start();
	CHECK_STR(number(RT_HEX, RT_ALT, -1, -1, 0), "0x0");
	CHECK_STR(number(RT_POINTER, 0, -1, -1, 0xbc614e), "0xbc614e");
	CHECK_STR(number(RT_POINTER, 0, -1, -1, 0), "0x0");
	CHECK_STR(number(RT_POINTER, RT_ZERO, 20, -1, 0xbc614e), "0x000000000000bc614e");
	CHECK_STR(number(RT_OCTAL, RT_ALT, -1, -1, 0), "00");
	CHECK_STR(number(RT_OCTAL, RT_ALT, -1, 5, 8), "000010");
	CHECK_STR(number(RT_SIGNED, 0, 5, 0, 0), "    0");
	CHECK_STR(number(RT_SIGNED, RT_ZERO, 8, 3, -42), "-0000042");
	CHECK_STR(number(RT_POINTER, 0, 12, -1, 0xff), "        0xff");
	CHECK_STR(number(RT_SIGNED, 0, -6, -1, 42), "42"); /* "*" */
	free(c);
}

static void fast_paths(void)
{
	static const int64_t values[] = { 0, 7, -7, 10, 99, 100, 4294967295, 4294967296, INT64_MAX, INT64_MIN };

	c = host_start();
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char want[32];

		snprintf(want, sizeof(want), "%lld", (long long)values[i]);
		rt_print_d(c, values[i]);
		CHECK_STR(host_printed(c), want);
		snprintf(want, sizeof(want), "%llx", (long long)values[i]);
		rt_print_x(c, values[i]);
		CHECK_STR(host_printed(c), want);
	}
	rt_print_s(c, "");
	rt_print_s(c, "a string of several words");
	rt_print_lit(c, "!", 1);
	rt_print_c(c, 0x141);
	CHECK_STR(host_printed(c), "a string of several words!A");
	free(c);
}

static const char *string(uint32_t flags, int64_t width, int64_t precision, const char *s)
{
	rt_print_str(c, flags, width, precision, s);
	return host_printed(c);
}

static void strings(void)
{
	c = host_start();
	CHECK_STR(string(0, 8, INT64_MAX, "abc"), "     abc");
	CHECK_STR(string(RT_LEFT, 8, INT64_MAX, "abc"), "abc     ");
	CHECK_STR(string(0, -8, INT64_MAX, "abc"), "abc");
	CHECK_STR(string(0, 2, INT64_MAX, "abc"), "abc");
	CHECK_STR(string(0, -1, 2, "abc"), "ab");
	CHECK_STR(string(0, 4, 2, "abc"), "  ab");
	CHECK_STR(string(0, -1, 0, "abc"), "");
	CHECK_STR(string(0, -1, -3, "abc"), "");
	CHECK_STR(string(RT_ALT, -1, INT64_MAX, "a\nb\001"), "a\nb\001");
	free(c);
}

static void chars(void)
{
	c = host_start();
	rt_print_char(c, 0, 3, 'x');
	rt_print_char(c, RT_LEFT, 3, 'y');
	rt_print_char(c, RT_ALT, -1, '\n');
	rt_print_char(c, RT_ALT, -1, 0);
	rt_print_char(c, RT_ALT, 4, '"');
	rt_print_char(c, RT_ALT, -1, '\'');
	CHECK_STR(host_printed(c), "  xy  \\n\\000   \"\\'");
	rt_print_char(c, 0, -1, 0);
	CHECK_INT(c->at - c->out, 1);
	CHECK_INT(c->out[0], 0);
	free(c);
}

/* The language reference, 9.2. */
static void binary(void)
{
	c = host_start();
	rt_print_bin(c, 0, -1, -1, 0xc0dedbad);
	rt_print_bin(c, 0, 4, -1, 0x12345678);
	rt_print_bin(c, 0, 1, -1, 'H');
	CHECK_INT(c->at - c->out, 13);
	CHECK(!memcmp(c->out, "\xad\xdb\xde\xc0\0\0\0\0\x78\x56\x34\x12H", 13));
	free(c);
}

static void memory(void)
{
	static const char bytes[] = "\001\002\377xyz";

	c = host_start();
	rt_print_mem(c, true, 0, -1, 4, (int64_t)(uintptr_t)bytes);
	rt_print_mem(c, false, 0, 5, 2, (int64_t)(uintptr_t)bytes + 3);
	rt_print_mem(c, false, 0, -1, 1, (int64_t)(uintptr_t)bytes + 5);
	CHECK_STR(host_printed(c), "0102ff78   xyz");
	CHECK(!rt_failed(c));
	rt_check_mem_size(c, 4096);
	rt_check_mem(c, 4096, (int64_t)(uintptr_t)c);
	CHECK(!rt_failed(c));
	rt_check_mem(c, 4, 16);
	CHECK(rt_failed(c));
	CHECK_STR(c->error, "read fault [man error::fault] at 0x10");
	free(c);
	c = host_start();
	rt_check_mem_size(c, 4097);
	CHECK_STR(c->error, "4097 is too many bytes for a memory dump");
	CHECK_STR(host_printed(c), "");
	free(c);
}

static void a_full_buffer_goes_out(void)
{
	char line[100];
	size_t total = 0;

	c = host_start();
	memset(line, 'a', sizeof(line));
	line[99] = 0;
	for (int i = 0; i < 300; i++) {
		rt_print_s(c, line);
		rt_print_num(c, RT_SIGNED, 0, 10, -1, i);
		rt_print_lit(c, "\n", 1);
		total += 110;
	}
	rt_probe_leave(c);
	CHECK_INT(strlen(host_take(RT_OUTPUT_PRINT)), total);
	CHECK_INT(host_records(RT_OUTPUT_PRINT), 5);
	CHECK(c->at == c->out);
	free(c);
}

static void sprintf_cuts(void)
{
	char dst[16];

	c = host_start();
	rt_print_s(c, "before ");
	rt_sprint_begin(c, dst, sizeof(dst));
	rt_print_s(c, "twelve chars");
	rt_print_d(c, 123456);
	rt_print_s(c, "more");
	rt_print_num(c, RT_HEX, RT_ALT, 20, -1, 5);
	rt_sprint_end(c);
	CHECK_STR(dst, "twelve chars123");
	rt_sprint_begin(c, dst, 1);
	rt_print_s(c, "twelve chars");
	rt_print_c(c, 'x');
	rt_sprint_end(c);
	CHECK_STR(dst, "");
	rt_print_s(c, "after");
	/* an error in the middle leads out of it */
	rt_sprint_begin(c, dst, sizeof(dst));
	rt_print_mem(c, false, 0, -1, 1, 16);
	CHECK(rt_failed(c));
	CHECK(rt_catch(c, NULL, 0));
	CHECK_STR(host_printed(c), "before after");
	CHECK_INT(host_records(RT_OUTPUT_PRINT), 0);
	free(c);
}

static void formats_at_run_time(void)
{
	char dst[64];

	c = host_start();
	rt_printf(c, "%d %5d|%-5d|%05d %u %lx %#llx %o %c %s %.2s %*d %% %zu %hhd\n", -1, 42, 42, 42, 7u, 255ul, 255ll,
		  8, 'c', "str", "cut", 4, 9, sizeof(int), 257);
	CHECK_STR(host_printed(c), "-1    42|42   |00042 7 ff 0xff 10 c str cu    9 % 4 1\n");
	CHECK_INT(rt_snprintf(dst, 8, "%s", "0123456789"), 7);
	CHECK_STR(dst, "0123456");
	CHECK_INT(rt_snprintf(dst, sizeof(dst), "100%"), 3);
	free(c);
}

static const char *date(int64_t seconds)
{
	static char text[64];

	rt_ctime(text, sizeof(text), seconds);
	return text;
}

static void dates(void)
{
	CHECK_STR(date(0), "Thu Jan  1 00:00:00 1970");
	CHECK_STR(date(741476948), "Wed Jun 30 21:49:08 1993");
	CHECK_STR(date(-2147483648), "Fri Dec 13 20:45:52 1901");
	CHECK_STR(date(2147483647), "Tue Jan 19 03:14:07 2038");
	CHECK_STR(date(951782400), "Tue Feb 29 00:00:00 2000");
	CHECK_STR(date(951868799), "Tue Feb 29 23:59:59 2000");
	CHECK_STR(date(-1), "Wed Dec 31 23:59:59 1969");
	CHECK_STR(date(4102444799), "Thu Dec 31 23:59:59 2099");
}

UNIT_MAIN(TEST(numbers_as_in_c), TEST(numbers_otherwise), TEST(fast_paths), TEST(strings), TEST(chars), TEST(binary),
	  TEST(memory), TEST(a_full_buffer_goes_out), TEST(sprintf_cuts), TEST(formats_at_run_time), TEST(dates))
