# SPDX-License-Identifier: GPL-2.0-or-later
dist_man_MANS += doc/taprun.1 doc/tapster.1

EXTRA_DIST += \
	doc/HACKING.md \
	doc/LIMITS.md \
	doc/MAP.md \
	doc/PROBES.md

# "Pass 2: analysis failed.  [man error::pass2]"
install-data-hook:
	for n in 1 2 3 4 5; do \
		echo '.so man1/tapster.1' >"$(DESTDIR)$(mandir)/man7/error::pass$$n.7tapster" || exit 1; \
	done
install-data-local:
	$(MKDIR_P) "$(DESTDIR)$(mandir)/man7"
uninstall-hook:
	rm -f "$(DESTDIR)$(mandir)"/man7/error::pass?.7tapster
