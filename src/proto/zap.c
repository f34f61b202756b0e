#include "proto/zap.h"

enum { VERSION, ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS, FRAMES };

/* NULL, or why not. */
static const char *refuse(struct zap_answer *out, const struct str *f, size_t n,
			  const struct allow *allow)
{
	if (n != FRAMES || !str_eq(f[VERSION], STR("1.0")))
		return "not a question that is known here";
	if (!str_eq(f[MECHANISM], STR("CURVE")) || f[CREDENTIALS].n != 32)
		return "a key is needed";
	out->has_asked = true;
	allow_z85(out->asked, (const uint8_t *)f[CREDENTIALS].p);
	const struct allow_key *key = allow_find(allow, str_of(out->asked, ALLOW_KEY));
	if (!key)
		return "this key is not in the allow list";
	if (str_eq(f[DOMAIN], STR(ZAP_LIVE)) && !allow_reads_everything(key))
		return "the live door is for keys that may read everything";
	out->key = key;
	return NULL;
}

void zap_answer(struct zap_answer *out, const struct str *f, size_t n, const struct allow *allow)
{
	*out = (struct zap_answer){0};
	const char *reason = refuse(out, f, n, allow);
	out->frames[0] = STR("1.0");
	out->frames[1] = n > ID ? f[ID] : STR("");
	out->frames[2] = reason ? STR("400") : STR("200");
	out->frames[3] = reason ? str_c(reason) : STR("OK");
	out->frames[4] = STR("");
	out->frames[5] = STR("");
	if (!reason) {
		memcpy(out->user, out->asked, ALLOW_KEY);
		out->frames[4] = str_of(out->user, ALLOW_KEY);
	}
}
