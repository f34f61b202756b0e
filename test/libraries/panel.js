// The bot of panel.py on discord.js, word for word.
//
//   node panel.js API_URL TOKEN: prints "ready" and serves.
import {ActionRowBuilder, ApplicationCommandOptionType as Type, ApplicationCommandType as Menu, ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits as Intent,
	MessageFlags, ModalBuilder, Partials, StringSelectMenuBuilder, TextInputBuilder, TextInputStyle} from "discord.js";

const [apiUrl, token] = process.argv.slice(2);
const names = ["Ada", "Alan", "Grace"];
const row = (...components) => new ActionRowBuilder().addComponents(...components);

const client = new Client({
	intents: [Intent.Guilds, Intent.GuildMessages, Intent.GuildMessageReactions, Intent.MessageContent, Intent.DirectMessages],
	partials: [Partials.Channel],
	rest: {api: apiUrl.replace("/v10", ""), version: "10"},
});

const commands = [
	{name: "greet", description: "Greets somebody", options: [
		{name: "name", type: Type.String, description: "Who", required: true, autocomplete: true},
		{name: "times", type: Type.Integer, description: "How often", min_value: 1, max_value: 3}]},
	{name: "panel", description: "Buttons and a select"},
	{name: "slow", description: "Thinks first"},
	{name: "silent", description: "Never answers"},
	{name: "Whois", type: Menu.User},
	{name: "Quote", type: Menu.Message},
];

const panel = () => [
	row(new ButtonBuilder().setCustomId("press").setLabel("Press me").setStyle(ButtonStyle.Primary),
		new ButtonBuilder().setCustomId("fill").setLabel("Fill in").setStyle(ButtonStyle.Secondary)),
	row(new StringSelectMenuBuilder().setCustomId("place").setPlaceholder("A place")
		.addOptions({label: "Bern", value: "bern"}, {label: "Oslo", value: "oslo"})),
];

const form = () => new ModalBuilder().setCustomId("form").setTitle("About you").addComponents(
	row(new TextInputBuilder().setCustomId("name").setLabel("Your name").setStyle(TextInputStyle.Short)),
	row(new TextInputBuilder().setCustomId("why").setLabel("Why").setStyle(TextInputStyle.Paragraph).setRequired(false)));

const answers = {
	async greet(it) {
		if (it.isAutocomplete()) {
			const typed = it.options.getFocused().toLowerCase();
			await it.respond(names.filter((n) => n.toLowerCase().startsWith(typed)).map((n) => ({name: n, value: n})));
			return;
		}
		await it.reply(Array(it.options.getInteger("times") ?? 1).fill(`Hello ${it.options.getString("name")}!`).join(" "));
	},
	async panel(it) {
		await it.reply({content: "a panel", components: panel()});
		console.log("panel");
	},
	async slow(it) {
		await it.deferReply();
		await it.editReply("thought about it");
	},
	silent() {},
	Whois: (it) => it.reply(`that is ${it.targetUser.username}`),
	Quote: (it) => it.reply(`${it.targetMessage.author.username} said: ${it.targetMessage.content}`),
	press: (it) => it.update(`pressed by ${it.user.username}`),
	fill: (it) => it.showModal(form()),
	place: (it) => it.reply({content: `you chose ${it.values[0]}`, flags: MessageFlags.Ephemeral}),
	form: (it) => it.reply(`thanks ${it.fields.getTextInputValue("name")}: ${it.fields.getTextInputValue("why")}`),
};

client.on(Events.InteractionCreate, (it) => answers[it.commandName ?? it.customId]?.(it));
const missing = (error) => console.log(`error ${error.code}`);

// What a moderator's bot does, each by a word in the channel.
const words = {
	"!ping": (message) => message.reply("pong"),
	async "!thread"(message) {
		const thread = await message.startThread({name: "a thread", autoArchiveDuration: 60});
		await thread.send("in the thread");
		console.log("thread", (await message.guild.channels.fetchActiveThreads()).threads.map((t) => t.name).join());
	},
	async "!archive"(message) {
		await message.channel.setArchived(true);
		console.log("archived");
	},
	async "!pin"(message) {
		await message.pin();
		console.log("pins", (await message.channel.messages.fetchPins()).items.map((p) => p.message.content).join());
	},
	async "!role"(message) {
		const role = await message.guild.roles.create({name: "crew", colors: {primaryColor: 0x336699}});
		await message.member.roles.add(role);
		console.log("role", role.name, message.guild.members.me.permissions.has("Administrator"));
	},
	"!purge": (message) => message.channel.bulkDelete(2).then((gone) => console.log("purged", gone.size), missing),
	"!kick": (message) => message.guild.members.kick("40").then(() => console.log("kicked"), missing),
	"!dm": (message) => message.author.send("between us"),
};

client.on(Events.MessageCreate, (message) => Object.hasOwn(words, message.content) && words[message.content](message));
client.on(Events.ShardResume, () => console.log("resumed"));
client.on(Events.ClientReady, async () => {
	await client.application.commands.set(commands);
	console.log("ready");
});
client.login(token);
