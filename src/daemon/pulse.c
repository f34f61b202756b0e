#include "daemon/pulse.h"

enum pulse_is pulse_look(struct pulse *pulse, uint64_t tick)
{
	if (!pulse->is_asked || tick != pulse->tick) {
		*pulse = (struct pulse){.tick = tick, .is_asked = true};
		return PULSE_ASK;
	}
	return ++pulse->lates <= PULSE_LATES ? PULSE_LATE : PULSE_STUCK;
}
