// What a person may do, by Discord's rules, so that the page offers what the sandbox will allow.
import {world} from "./world.js";

const bit = (n) => 1n << BigInt(n);
export const MAY = {
	kick: bit(1), administrator: bit(3), manageChannels: bit(4), react: bit(6), view: bit(10), send: bit(11), manageMessages: bit(13),
	manageRoles: bit(28), commands: bit(31), manageThreads: bit(34), thread: bit(35), sendInThreads: bit(38), pin: bit(51),
};
const ALL = (1n << 53n) - 1n;

export const FORUM = 15;
export const isThread = (c) => c?.type === 11 || c?.type === 12;

// The roles of somebody, the highest first.
export function rolesOf(guildId, userId) {
	const guild = world.guilds.get(guildId);
	const member = world.memberOf(guildId, userId);
	return (guild?.roles || []).filter((r) => r.id === guildId || r.tags?.bot_id === userId || member?.roles.includes(r.id))
		.sort((a, b) => b.position - a.position);
}

function overwritten(channel, userId, roles, base) {
	const ids = new Set(roles.map((r) => r.id));
	const steps = [(o) => o.id === channel.guild_id, (o) => o.type === 0 && o.id !== channel.guild_id && ids.has(o.id),
		(o) => o.type === 1 && o.id === userId];
	return steps.reduce((may, fits) => {
		const fit = (channel.permission_overwrites || []).filter(fits);
		const all = (key) => fit.reduce((sum, o) => sum | BigInt(o[key]), 0n);
		return (may & ~all("deny")) | all("allow");
	}, base);
}

export function permissionsIn(channel, userId) {
	if (!channel?.guild_id) return ALL;
	if (world.guilds.get(channel.guild_id)?.owner_id === userId) return ALL;
	if (world.isGone(channel.guild_id, userId)) return 0n;
	const roles = rolesOf(channel.guild_id, userId);
	const base = roles.reduce((sum, r) => sum | BigInt(r.permissions), 0n);
	if (base & MAY.administrator) return ALL;
	const may = overwritten(isThread(channel) ? world.channels.get(channel.parent_id) || channel : channel, userId, roles, base);
	const isShut = channel.type === 12 && !channel.in_it.includes(userId) && !(may & MAY.manageThreads);
	if (!(may & MAY.view) || isShut) return 0n;
	const until = world.memberOf(channel.guild_id, userId)?.communication_disabled_until;
	return until && new Date(until) > new Date() ? may & MAY.view : may;
}

export const mayHere = (what, channel = world.channels.get(world.here)) => (permissionsIn(channel, world.me) & what) === what;

// Why somebody may not write here; empty: he may.
export function silence(channel) {
	if (!channel) return "";
	if (!channel.guild_id && channel.recipients?.[0]?.id !== world.me) return "This conversation is between others.";
	if (channel.thread_metadata?.locked && !mayHere(MAY.manageThreads, channel)) return "This thread is locked.";
	if (!mayHere(isThread(channel) ? MAY.sendInThreads : MAY.send, channel)) return "You may not write here.";
	return "";
}

// The colour of a name: of the highest role that has one.
export function colorOf(guildId, userId) {
	const color = rolesOf(guildId, userId).find((r) => r.color)?.color;
	return color ? "#" + color.toString(16).padStart(6, "0") : null;
}
