/* net/token.h: the bot's token: taken once, handed on over a pipe, shown nowhere.
 *
 * Looked for in this order: systemd's credential discord_token, discord.token_file (0600 or
 * stricter, ours or root's), the environment variable DISCORD_BOT_TOKEN. The variable is wiped
 * whether it is used or not: /proc/PID/environ shows the bytes a process was started with.
 */
#ifndef NET_TOKEN_H
#define NET_TOKEN_H

#include "base/config.h"

enum { TOKEN_MAX = 512, TOKEN_FROM_MAX = 256 }; /* bytes */

struct token {
	char text[TOKEN_MAX + 1];
	size_t n;                  /* 0: none */
	char from[TOKEN_FROM_MAX]; /* where it was found, for people: "discord.token_file /etc/x" */
};

static inline struct str token_str(const struct token *token)
{
	return str_of(token->text, token->n);
}

/* First thing in main: copies the variable, overwrites its bytes, takes it out of the environment.
 */
void token_take_env(struct token *out);
/* env: what token_take_env() found. -ENOENT: there is none, and how to give one. A sentence of another
 * failure names where the token stands. */
TT_CHECK int token_find(struct token *out, const struct token *env, const struct config *config,
			struct why *why);
/* Trims and judges: one word of printable ASCII. */
TT_CHECK int token_set(struct token *out, struct str text, struct why *why);
/* A descriptor that token, and where it is from, can be read from once, -errno; and the other side. */
TT_CHECK int token_pipe(const struct token *token);
TT_CHECK int token_read(struct token *out, int fd, struct why *why);
/* The application whose token this is, as its first part says; 0: it has not a bot token's shape. */
uint64_t token_application(const struct token *token);
/* discord.token_file has a token's shape: it is one, where its file's name should stand. */
bool token_is_in_config(const struct config *config);
void token_wipe(struct token *token);

#endif
