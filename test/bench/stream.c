#define ZLIB_CONST
#include "stream.h"

#include "proto/frame.h"
#include "test/cert.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { HELLO_AND_READY = 2 };

/* What is sent: frames one behind the other, and where each begins. */
struct frames {
	struct buf bytes;
	size_t *at; /* n + 1 */
	unsigned n;
};

struct deflate {
	enum inflate_kind kind;
	z_stream z;
	ZSTD_CCtx *zstd;
	struct buf out;
};

static void deflate_one(struct deflate *d, struct str in)
{
	size_t room = in.n + 1024;
	d->out.n = 0;
	char *out = buf_room(&d->out, room);
	if (d->kind == INFLATE_NONE) {
		buf_adds(&d->out, in);
	} else if (d->kind == INFLATE_ZSTD_STREAM) {
		ZSTD_inBuffer from = {in.p, in.n, 0};
		ZSTD_outBuffer to = {out, room, 0};
		ZSTD_compressStream2(d->zstd, &to, &from, ZSTD_e_flush);
		d->out.n = to.pos;
	} else {
		d->z.next_in = (const Bytef *)in.p;
		d->z.avail_in = (uInt)in.n;
		d->z.next_out = (Bytef *)out;
		d->z.avail_out = (uInt)room;
		deflate(&d->z, Z_SYNC_FLUSH);
		d->out.n = room - d->z.avail_out;
	}
}

/* As long and as varied as a message with member, author, mentions and an attachment is. */
static void make_event(struct buf *out, unsigned i)
{
	static const char *const words[] = {"the",  "raid",   "starts", "at",   "nine",
					    "who",  "brings", "healer", "and",  "potions",
					    "soon", "later",  "never",  "maybe"};
	unsigned seed = i;
	unsigned long long id = 1200000000000000000ull + i * 4194304ull,
			   user = 80351110224678912ull;
	user += (unsigned)rand_r(&seed) % 500u;
	out->n = 0;
	buf_addf(out,
		 "{\"t\":\"MESSAGE_CREATE\",\"s\":%u,\"op\":0,\"d\":{\"type\":0,\"tts\":false,"
		 "\"timestamp\":\"2026-11-25T20:%02u:%02u.%03u000+00:00\",\"pinned\":false,"
		 "\"nonce\":\"%llu\",\"mentions\":[],\"mention_roles\":[],"
		 "\"mention_everyone\":false,\"member\":{\"roles\":[\"%llu\",\"%llu\"],"
		 "\"premium_since\":null,\"pending\":false,\"nick\":\"user %llu\",\"mute\":false,"
		 "\"joined_at\":\"2021-04-%02uT10:11:12.345000+00:00\",\"flags\":0,"
		 "\"deaf\":false,\"communication_disabled_until\":null,\"banner\":null,"
		 "\"avatar\":null},\"id\":\"%llu\",\"flags\":0,\"embeds\":[],"
		 "\"edited_timestamp\":null,\"content\":\"",
		 i + HELLO_AND_READY, i / 60000 % 60, i / 1000 % 60, i % 1000, id - 4, user % 97,
		 user % 89, user, (unsigned)(user % 28 + 1), id);
	for (int w = rand_r(&seed) % 24; w >= 0; w--)
		buf_addf(out, "%s ", words[rand_r(&seed) % 14]);
	buf_addf(out,
		 "\",\"components\":[],\"channel_type\":0,\"channel_id\":\"%u\",\"author\":{"
		 "\"username\":\"user%llu\",\"public_flags\":0,\"primary_guild\":null,\"id\":\"%"
		 "llu\","
		 "\"global_name\":\"User %llu\",\"display_name_styles\":null,"
		 "\"discriminator\":\"0\",\"collectibles\":null,\"clan\":null,"
		 "\"avatar_decoration_data\":null,\"avatar\":\"%08x%08x%08x%08x\"},"
		 "\"attachments\":[],\"guild_id\":\"%u\"}}",
		 81384788u + i % 40, user, user, user, (unsigned)user, rand_r(&seed), (unsigned)i,
		 rand_r(&seed), 41771983u + i % 40 / 4);
}

static void add_frame(struct frames *f, struct deflate *d, struct str event)
{
	deflate_one(d, event);
	f->at[f->n++] = f->bytes.n;
	frame_write(&f->bytes, FRAME_SERVER, FRAME_BINARY, buf_str(&d->out), 0);
	f->at[f->n] = f->bytes.n;
}

static struct frames make_frames(enum inflate_kind kind, unsigned events)
{
	struct frames f = {.at = mem_new((events + HELLO_AND_READY + 1) * sizeof *f.at)};
	struct deflate d = {.kind = kind, .zstd = ZSTD_createCCtx()};
	struct buf event = {0};
	ZSTD_CCtx_setParameter(d.zstd, ZSTD_c_compressionLevel, 6);
	ZSTD_CCtx_setParameter(d.zstd, ZSTD_c_windowLog, 18);
	deflateInit(&d.z, 6);
	add_frame(&f, &d,
		  STR("{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"));
	add_frame(&f, &d,
		  STR("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"user\":{\"id\":\"2\"},"
		      "\"session_id\":\"abc\",\"resume_gateway_url\":\"wss://127.0.0.1\","
		      "\"application\":{\"id\":\"2\"},\"guilds\":[]}}"));
	for (unsigned i = 0; i < events; i++) {
		make_event(&event, i);
		add_frame(&f, &d, buf_str(&event));
	}
	deflateEnd(&d.z);
	ZSTD_freeCCtx(d.zstd);
	buf_done(&d.out);
	buf_done(&event);
	return f;
}

static bool upgrade(SSL *ssl)
{
	char head[4096], text[FRAME_KEY_SIZE + sizeof FRAME_GUID], accept[FRAME_ACCEPT_SIZE + 1];
	unsigned char sum[20];
	struct frame_request request;
	struct buf answer = {0};
	struct why why;
	int n = 0, got;
	do {
		got = SSL_read(ssl, head + n, (int)sizeof head - n);
		n += got > 0 ? got : 0;
		if (got <= 0)
			return false;
	} while (frame_request_read(&request, str_of(head, (size_t)n), &why) == 0);
	memcpy(text, request.key.p, FRAME_KEY_SIZE);
	memcpy(text + FRAME_KEY_SIZE, FRAME_GUID, sizeof FRAME_GUID);
	SHA1((const unsigned char *)text, sizeof text - 1, sum);
	frame_accept(accept, sum);
	frame_answer_write(&answer, accept);
	SSL_write(ssl, answer.p, (int)answer.n);
	buf_done(&answer);
	return true;
}

static void play(SSL *ssl, const struct frames *f)
{
	char ignored[4096];
	if (SSL_accept(ssl) != 1 || !upgrade(ssl))
		return;
	SSL_write(ssl, f->bytes.p, (int)f->at[1]);
	SSL_read(ssl, ignored, sizeof ignored); /* IDENTIFY, whatever it says */
	for (unsigned i = 1; i < f->n; i++)
		if (SSL_write(ssl, f->bytes.p + f->at[i], (int)(f->at[i + 1] - f->at[i])) <= 0)
			return;
	while (SSL_read(ssl, ignored, sizeof ignored) > 0)
		;
}

_Noreturn static void serve(int listener, const struct test_cert *cert, const struct frames *f)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(ctx, cert->cert);
	SSL_CTX_use_PrivateKey(ctx, cert->key);
	for (;;) {
		int fd = accept(listener, NULL, NULL), on = 1;
		if (fd < 0)
			_exit(0);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		SSL *ssl = SSL_new(ctx);
		SSL_set_fd(ssl, fd);
		play(ssl, f);
		SSL_free(ssl);
		close(fd);
	}
}

struct stream stream_start(enum inflate_kind kind, unsigned events)
{
	struct stream s = {.events = events};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	struct test_cert cert = test_cert_new("IP:127.0.0.1", 7200);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4) < 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &size) < 0) {
		perror("listen");
		exit(1);
	}
	s.port = ntohs(at.sin_port);
	memcpy(s.ca_file, cert.cert_file, sizeof s.ca_file);
	fflush(stdout);
	s.pid = fork();
	if (s.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		struct frames f = make_frames(kind, events);
		serve(listener, &cert, &f);
	}
	close(listener);
	unlink(cert.key_file);
	X509_free(cert.cert);
	EVP_PKEY_free(cert.key);
	return s;
}

void stream_stop(struct stream *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	unlink(s->ca_file);
}
