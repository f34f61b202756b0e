/* daemon/pulse.h: does a role's loop still turn? Pure.
 *
 *     switch (pulse_look(&pulse, tick)) ...      // tick: the role's counter, at every look
 *     PULSE_ASK: a byte to the role, whose loop counts it; look again after PULSE_US
 *     PULSE_LATE: look again after PULSE_LATE_US; PULSE_STUCK: start it again
 *
 * A question costs the role two system calls, an answer costs the parent none: it reads the counter.
 * The looks after the first late one are as many turns of our own clock, so that a parent that was
 * stopped together with its roles does not take them for stuck.
 */
#ifndef DAEMON_PULSE_H
#define DAEMON_PULSE_H

#include <stdbool.h>
#include <stdint.h>

enum { PULSE_US = 10 * 1000000, PULSE_LATE_US = 1000000, PULSE_LATES = 3 };

struct pulse {
	uint64_t tick; /* when it was asked */
	bool is_asked;
	unsigned lates;
};

enum pulse_is { PULSE_ASK, PULSE_LATE, PULSE_STUCK };
enum pulse_is pulse_look(struct pulse *pulse, uint64_t tick);

#endif
