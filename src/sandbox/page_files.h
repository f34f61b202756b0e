/* sandbox/page_files.h: the files of src/sandbox/page/, built in by tools/embed. */
#ifndef SANDBOX_PAGE_FILES_H
#define SANDBOX_PAGE_FILES_H

#include "base/str.h"

struct page_file {
	struct str name; /* "chat.js" */
	struct str type; /* of its content */
	struct str text;
};
extern const struct page_file page_files[];
extern const size_t n_page_files;

#endif
