/* sandbox/interaction.h: what a person does with a bot's commands, buttons, selects and modals, and
 * how long the bot may take to answer it.
 *
 *     rest_command's store -> interaction_run()                      -> INTERACTION_CREATE, type 2
 *     a message's components -> interaction_press()                  -> type 3
 *     a modal that a bot answered with -> interaction_submit()       -> type 5
 *
 * What becomes of each is reported as {"what":"interaction","state":..}: sent, answered, deferred
 * (the bot thinks), seen (no answer is shown), modal and choices (with "data"), failed (3 s are over).
 *
 * Commands of a menu are run on a person or a message: the target.
 *
 * Memory: the last INTERACTIONS; the token of an older one is unknown.
 */
#ifndef SANDBOX_INTERACTION_H
#define SANDBOX_INTERACTION_H

#include "sandbox/rest.h"

enum {
	INTERACTIONS = 1024,
	INTERACTION_FOLLOWUPS = 5 /* of one that only its person has installed */
};

enum interaction_type {
	INTERACTION_COMMAND = 2,
	INTERACTION_COMPONENT = 3,
	INTERACTION_CHOICES = 4, /* suggestions for an option that is being typed */
	INTERACTION_MODAL = 5
};

struct interaction {
	uint64_t id, channel_id, user_id, sent_us, flags;
	uint64_t message_id; /* its first answer; 0: none yet */
	uint64_t source_id;  /* the message whose component was used; 0: none */
	enum interaction_type type;
	char token[48];
	char name[WORLD_NAME + 1]; /* of the command, or the custom_id */
	char nonce[48];            /* of who asked, for the report */
	struct str modal;          /* owned JSON: what the bot asks; empty: nothing */
	enum {
		INTERACTION_FREE,
		INTERACTION_OPEN,
		INTERACTION_DEFERRED,
		INTERACTION_ANSWERED
	} state;
	bool is_menu; /* of a command in a user's or a message's menu */
	bool is_of_user;
	unsigned n_followups;
	bool is_late; /* "failed" was reported */
};

struct interactions {
	struct sandbox *sandbox;
	struct interaction all[INTERACTIONS]; /* a ring */
	unsigned n;
	struct loop_timer *clock;
	uint64_t answer_us; /* the first answer must come in so long */
	uint64_t token_us;  /* and everything else */
};

struct interactions *interactions_new(struct sandbox *sandbox);
void interactions_free(struct interactions **interactions);

/* Who does it and where. */
struct interaction_by {
	uint64_t channel_id, user_id;
	struct str nonce;
};
/* Which command, of which menu. */
struct interaction_wish {
	struct str name, options; /* options: JSON or empty */
	unsigned type;      /* of the command: 1 slash, 2 of a user's menu, 3 of a message's */
	uint64_t target_id; /* of a menu: the user, or the message in this channel */
	bool is_autocomplete;
	bool is_of_user; /* the person has installed the bot, the server has not */
};
/* Each: -ENOENT, -EINVAL or -EPERM and why, in a person's words. values, fields: JSON or empty. */
TT_CHECK int interaction_run(struct interactions *all, const struct interaction_by *by,
			     const struct interaction_wish *wish, struct why *why);
TT_CHECK int interaction_press(struct interactions *all, const struct interaction_by *by,
			       uint64_t message_id, struct str custom_id, struct str values,
			       struct why *why);
/* id 0: the last one that asks something. */
TT_CHECK int interaction_submit(struct interactions *all, const struct interaction_by *by,
				uint64_t id, struct str fields, struct why *why);

/* Still known, and not older than 15 minutes; NULL: not so. */
struct interaction *interaction_find(struct interactions *all, struct str token, uint64_t now_us);
/* NULL: forgotten. */
struct interaction *interaction_by_id(struct interactions *all, uint64_t id);
/* The 3 s of the first answer are over. */
bool interaction_is_late(const struct interactions *all, const struct interaction *it,
			 uint64_t now_us);
/* data: JSON or empty. */
void interaction_report(struct interactions *all, const struct interaction *it, const char *state,
			struct str data);
/* Members of a message that answers it: "interaction_metadata":{..},.. */
void interaction_show(struct buf *out, struct interactions *all, const struct interaction *it);

#endif
