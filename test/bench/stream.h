/* A sender of a gateway's stream in a process of its own, for benchmarks: TLS, WebSocket, Hello,
 * READY, then so many synthetic messages of about 1.2 KB, compressed in one stream, one event a
 * frame and one frame a TLS record, as fast as they are taken. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "proto/inflate.h"

struct stream {
	int pid;
	unsigned port;
	char ca_file[64]; /* to trust it by */
	unsigned events;
};

/* Serves any number of connections, each the whole stream from its beginning. */
struct stream stream_start(enum inflate_kind kind, unsigned events);
void stream_stop(struct stream *stream);

#endif
