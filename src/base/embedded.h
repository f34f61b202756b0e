/* base/embedded.h: files that a program carries inside itself, built in by tools/embed. */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include "base/str.h"

struct embedded {
	struct str name; /* without a folder: "chat.js" */
	struct str type; /* of its content, for browsers */
	struct str text;
};

#endif
