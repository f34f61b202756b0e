/* sandbox/page_files.h: the files of src/sandbox/page/. */
#ifndef SANDBOX_PAGE_FILES_H
#define SANDBOX_PAGE_FILES_H

#include "base/embedded.h"

extern const struct embedded page_files[];
extern const size_t n_page_files;

#endif
