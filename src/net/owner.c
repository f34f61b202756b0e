#include "net/owner.h"

#include "base/bytes.h"
#include "net/crypto.h"
#include "net/url.h"
#include "proto/seal.h"

static struct str place_of(const struct url *url, char out[static URL_AUTHORITY])
{
	if (str_ends(str_c(url->host), STR(".discord.com")))
		return STR("discord.com:443");
	url_authority(out, url_is_loopback(url) ? "localhost" : url->host, url->port);
	return str_c(out);
}

uint64_t owner_of(struct str api_url, struct str token)
{
	char authority[URL_AUTHORITY];
	uint8_t sum[32];
	struct url url;
	struct why why;
	if (url_split(&url, api_url, &why) < 0)
		return 0;
	const struct str parts[] = {STR("owner "), place_of(&url, authority), STR(" "),
				    str_of(token.p, str_find(token, '.'))};
	crypto_sha256(sum, parts, sizeof parts / sizeof *parts);
	uint64_t owner = get_le64(sum) & SEAL_MOST;
	return owner ? owner : 1;
}
