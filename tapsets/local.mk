# SPDX-License-Identifier: GPL-2.0-or-later
nobase_dist_pkgdata_DATA +=
