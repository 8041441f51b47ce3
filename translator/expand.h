/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What resolve needs of expand: files of the library that come in while names are looked up. */
#ifndef TAPSTER_TRANSLATOR_EXPAND_H
#define TAPSTER_TRANSLATOR_EXPAND_H

#include "translator/session.h"

/* The tapset file of D is part of the program from now on. */
void expand_use_file_of(struct session *s, const struct decl *d);
/* Makes concrete probes of the probes that stand in used tapset files and have not been
 * expanded yet. */
void expand_used_files(struct session *s);

#endif
