// What there is, as this page knows it: people, servers, channels, messages, slash commands.
//
// It is filled by the live stream alone; what a person does here goes to the sandbox and comes back
// as an event, as with Discord itself.

import {calm} from "./bidi.js";

const KEPT = 500; // messages of a channel while one reads its end

// A thing of Discord's whose names turn no writing round.
const calmed = (thing) => ({...thing, ...Object.fromEntries(["name", "username", "nick", "topic"].filter((key) => thing[key]).map((key) => [key, calm(thing[key])]))});

let saved = sessionStorage.getItem("here"); // where one was when the page was loaded anew

export const world = {
	boot: null, // of the sandbox, new with each start
	bot: "2", me: sessionStorage.getItem("me") || "5", here: null, guild: null,
	users: new Map(), guilds: new Map(), channels: new Map(), commands: [],
	members: new Map(), // "guild user" -> {gone, member}: those of whom more is known
	isReading: false, // older ones were loaded: none of them is thrown away
	messages: new Map(), // of a channel: id -> {message, reactors}, in order
	unread: new Set(),

	memberOf: (guildId, userId) => world.members.get(`${guildId} ${userId}`)?.member,
	isGone: (guildId, userId) => world.members.get(`${guildId} ${userId}`)?.gone === true,
	name: (id, guildId = world.guild) => world.memberOf(guildId, id)?.nick || world.users.get(id)?.username || id,
	// Of who wrote a message: a webhook is none of the people, and says itself who it is.
	authorName: (author) => (world.users.has(author.id) ? world.name(author.id) : calm(author.username)),
	roleOf: (id) => [...world.guilds.values()].flatMap((g) => g.roles || []).find((r) => r.id === id),
	channelName(id) {
		const channel = world.channels.get(id);
		return channel?.name || (channel?.recipients ? world.name(channel.recipients[0].id) : id);
	},
	channelsOf: (guildId) => [...world.channels.values()].filter((c) => (guildId ? c.guild_id === guildId : !c.guild_id)),
	peopleOf: (guildId) => [...world.users.values()].filter((u) => !world.isGone(guildId, u.id)),

	// True: it is another sandbox than before, and nothing that was said is known to it.
	take(news) {
		const table = (list) => new Map(list.map((thing) => [thing.id, calmed(thing)]));
		const isAnother = world.boot !== null && world.boot !== news.boot;
		if (isAnother) {
			world.messages.clear();
			world.unread.clear();
		}
		world.boot = news.boot;
		world.bot = news.bot;
		world.users = table(news.users);
		world.guilds = table(news.guilds);
		for (const g of world.guilds.values()) g.roles = g.roles?.map(calmed);
		world.channels = table(news.channels);
		world.members = new Map(news.members.map((m) => [`${m.guild_id} ${m.member.user.id}`, {...m, member: calmed(m.member)}]));
		world.commands = news.commands || [];
		if (!world.users.has(world.me)) world.me = "5";
		if (!world.channels.has(world.here)) world.go(world.channels.has(saved) ? saved : news.channel);
		saved = null;
		return isAnother;
	},
	be(id) {
		world.me = id;
		sessionStorage.setItem("me", id);
	},
	go(channelId) {
		world.here = channelId;
		sessionStorage.setItem("here", channelId);
		world.guild = world.channels.get(channelId)?.guild_id || null;
		world.isReading = false;
		world.unread.delete(channelId);
	},
	// The commands of a kind that can be run here: those of this server hide global ones of the same name.
	commandsHere(type = 1) {
		const fit = world.commands.filter((c) => (c.type || 1) === type && (!c.guild_id || c.guild_id === world.guild));
		return fit.filter((c) => c.guild_id || !fit.some((o) => o.guild_id && o.name === c.name))
			.sort((a, b) => (a.name < b.name ? -1 : 1));
	},
	messagesOf(channelId) {
		if (!world.messages.has(channelId)) world.messages.set(channelId, new Map());
		return world.messages.get(channelId);
	},
	put(entry) {
		const all = world.messagesOf(entry.message.channel_id);
		const old = all.get(entry.message.id);
		all.set(entry.message.id, {...entry, reactors: entry.reactors || old?.reactors || {}, voters: entry.voters || old?.voters || {}});
		if (all.size > KEPT && !world.isReading) all.delete(all.keys().next().value);
	},
	putBefore(channelId, entries) {
		const all = world.messagesOf(channelId);
		world.messages.set(channelId, new Map([...entries.map((entry) => [entry.message.id, entry]), ...all]));
	},
};

const emojiKey = (emoji) => (emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name);

function react(d, change) {
	const entry = world.messagesOf(d.channel_id).get(d.message_id);
	if (!entry) return null;
	const key = emojiKey(d.emoji || {name: ""});
	const users = (entry.reactors[key] || []).filter((id) => id !== d.user_id);
	if (change > 0) users.push(d.user_id);
	if (users.length) entry.reactors[key] = users;
	else delete entry.reactors[key];
	return d.message_id;
}

function vote(d, isAdded) {
	const entry = world.messagesOf(d.channel_id).get(d.message_id);
	if (!entry) return null;
	const others = (entry.voters[d.answer_id] || []).filter((id) => id !== d.user_id);
	entry.voters[d.answer_id] = isAdded ? [...others, d.user_id] : others;
	return d.message_id;
}

// What answers a message shows a part of it. The ids of the answers.
function answers(channelId, id, change) {
	const all = [...world.messagesOf(channelId).values()].filter((entry) => entry.message.referenced_message?.id === id);
	for (const entry of all) entry.message = {...entry.message, referenced_message: change(entry.message.referenced_message)};
	return all.map((entry) => entry.message.id);
}

function remove(channelId, id) {
	world.messagesOf(channelId).delete(id);
	return [id, ...answers(channelId, id, () => null)];
}

// What each event changes; each returns the id of the message that looks different now, or several, if one does.
const changes = {
	MESSAGE_CREATE(d) {
		if (!d.id || !d.author) return null;
		world.put({message: d});
		if (d.channel_id !== world.here && d.author.id !== world.me) world.unread.add(d.channel_id);
		return d.id;
	},
	MESSAGE_UPDATE(d) {
		const entry = world.messagesOf(d.channel_id).get(d.id);
		if (entry) entry.message = {...entry.message, ...d};
		return [d.id, ...answers(d.channel_id, d.id, (old) => ({...old, ...d}))];
	},
	MESSAGE_DELETE: (d) => remove(d.channel_id, d.id),
	MESSAGE_DELETE_BULK: (d) => (d.ids || []).flatMap((id) => remove(d.channel_id, id)),
	MESSAGE_REACTION_REMOVE_EMOJI(d) {
		const entry = world.messagesOf(d.channel_id).get(d.message_id);
		if (entry) delete entry.reactors[emojiKey(d.emoji || {name: ""})];
		return d.message_id;
	},
	MESSAGE_POLL_VOTE_ADD: (d) => vote(d, true),
	MESSAGE_POLL_VOTE_REMOVE: (d) => vote(d, false),
	MESSAGE_REACTION_ADD: (d) => react(d, 1),
	MESSAGE_REACTION_REMOVE: (d) => react(d, -1),
	MESSAGE_REACTION_REMOVE_ALL(d) {
		const entry = world.messagesOf(d.channel_id).get(d.message_id);
		if (entry) entry.reactors = {};
		return d.message_id;
	},
};

export function apply(t, d) {
	const ids = d && changes[t] ? changes[t](d) : null;
	return [ids].flat().filter(Boolean);
}
