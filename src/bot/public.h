/* bot/public.h: the public headers, without the short names, which are ours inside the library. */
#ifndef BOT_PUBLIC_H
#define BOT_PUBLIC_H

#ifndef TT_NO_SHORT_NAMES
#define TT_NO_SHORT_NAMES
#endif
#include <tutti/bot.h>

#endif
