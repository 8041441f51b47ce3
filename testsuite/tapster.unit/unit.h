/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The harness of the unit tests.  A program tests one module:
 *
 *	static void growth(void)
 *	{
 *		CHECK_INT(vec.n, 5);
 *	}
 *
 *	UNIT_MAIN(TEST(growth), TEST(emptiness))
 *
 * It prints "ok NAME" for each test, or "failed NAME: file:line: what" for each
 * check of it that failed (the test goes on); unit.exp reads that.
 */
#ifndef TAPSTER_TESTSUITE_UNIT_H
#define TAPSTER_TESTSUITE_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

static const char *unit_name;
static int unit_failures;

#define CHECK(condition) unit_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_INT(got, want) unit_check_int((got), (want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want) unit_check_str((got), (want), #got, __FILE__, __LINE__)

__attribute__((unused)) static bool unit_check(bool ok, const char *text, const char *file,
					       int line)
{
	if (!ok) {
		unit_failures++;
		printf("failed %s: %s:%d: %s\n", unit_name, file, line, text);
	}
	return ok;
}

__attribute__((unused)) static bool unit_check_int(long long got, long long want,
						   const char *text, const char *file, int line)
{
	if (got != want) {
		unit_failures++;
		printf("failed %s: %s:%d: %s is %lld, not %lld\n", unit_name, file, line, text,
		       got, want);
	}
	return got == want;
}

__attribute__((unused)) static void unit_quote(const char *s)
{
	if (!s) {
		fputs("NULL", stdout);
		return;
	}
	putchar('"');
	for (; *s; s++)
		if (*s == '\n')
			fputs("\\n", stdout);
		else
			putchar(*s);
	putchar('"');
}

__attribute__((unused)) static bool unit_check_str(const char *got, const char *want,
						   const char *text, const char *file, int line)
{
	bool ok = got && want ? !strcmp(got, want) : got == want;

	if (!ok) {
		unit_failures++;
		printf("failed %s: %s:%d: %s is ", unit_name, file, line, text);
		unit_quote(got);
		fputs(", not ", stdout);
		unit_quote(want);
		putchar('\n');
	}
	return ok;
}

static int unit_run(const struct unit_test *tests, size_t n)
{
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < n; i++) {
		unit_name = tests[i].name;
		unit_failures = 0;
		tests[i].run();
		if (unit_failures)
			failed++;
		else
			printf("ok %s\n", unit_name);
	}
	return failed != 0;
}

#define TEST(name) { #name, name }
#define UNIT_MAIN(...)                                                          \
	int main(void)                                                          \
	{                                                                       \
		static const struct unit_test tests[] = { __VA_ARGS__ };        \
                                                                                \
		return unit_run(tests, sizeof(tests) / sizeof(*tests));         \
	}

#endif
