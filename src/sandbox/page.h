/* sandbox/page.h: the chat page: Discord's window, small, in a browser on this machine.
 *
 *     GET  /                          the page; its files lie under /page/, built in
 *     GET  /page/live                 server-sent events: what there is, then what happens
 *     GET  /page/messages?channel=7   the last ones of a channel; &before=ID older ones, &pins=1 pinned ones
 *     POST /page/do?channel=7&user=5  one line of the sandbox's language, by whom and where he is: 200 and
 *                                     {"text": what was done, "id": of what was made, "channel": where it
 *                                     leads, or null}; or 400 and why
 *
 * Of the live events, "world" says all that exists and comes first and after each change of it; by its
 * "boot" a page knows that it has come back to another sandbox;
 * "event" is a dispatch {"t":..,"d":..}, with "why" no bot hears it or its content; "happening" is a line of --json. What happened before the
 * page was opened comes as "past", {"kind":..,"data":..}.
 *
 * No Discord route begins so. Whoever asks must have come by a name of this machine, and who acts
 * from this very page: a web site that points its own name here, or posts here, is refused.
 *
 * Memory: the last PAGE_PAST events, at most PAGE_PAST_BYTES; a reader that lags is let go, and a
 *         browser comes back by itself.
 */
#ifndef SANDBOX_PAGE_H
#define SANDBOX_PAGE_H

#include "sandbox/state.h"

enum {
	PAGE_READERS = 32,
	PAGE_PAST = 400,
	PAGE_PAST_BYTES = 4 << 20,
	PAGE_EVENT = 64 << 10,   /* bytes of an event; of a longer one only its kind is told */
	PAGE_WAITING = 16 << 20, /* bytes that may wait for a reader */
	PAGE_MESSAGES = 100      /* of a channel, in one answer */
};

struct page;
struct page *page_new(struct sandbox *sandbox);
void page_free(struct page **page);

/* False: not a request for the page, and still to be answered. */
bool page_request(struct page *page, struct httpd_request *r);

/* Something was dispatched; d: JSON. why: no bot hears it, or empty. */
void page_event(struct page *page, struct str t, struct str d, struct str why);
/* Guilds, channels, people or slash commands are others than before. */
void page_world(struct page *page);

#endif
