/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of which files a script has the symbols with it: when it asks for names of
 * addresses, those that it probes, those of -d, and with --ldd the libraries of both.
 */
#ifndef TAPSTER_TRANSLATOR_SYMBOLS_H
#define TAPSTER_TRANSLATOR_SYMBOLS_H

#include "translator/session.h"

/* Does the script ask for source lines of addresses?  For names?  Or at least for what is mapped where? */
bool lines_are_wanted(const struct session *s);
bool symbols_are_wanted(const struct session *s);
bool modules_are_wanted(const struct session *s);
/* Adds the files to those of the session, behind the ones with probes.  False: it has reported. */
bool symbols_plan(struct session *s);

#endif
