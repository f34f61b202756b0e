/* base/blank.h: a secret, or a good part of one, is taken out of a line. */
#ifndef BASE_BLANK_H
#define BASE_BLANK_H

#include "base/str.h"

enum { BLANK_LEAST = 12 }; /* bytes in a row that are a good part; of a shorter secret all of it */

/* secret: 3 bytes at least. Each longest run of the secret's bytes becomes ***, in place; the line never
 * grows. */
void blank(char *line, struct str secret);

#endif
