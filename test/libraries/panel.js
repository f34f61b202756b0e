// The bot of panel.py on discord.js, word for word.
//
//   node panel.js API_URL TOKEN: prints "ready" and serves.
import {ActionRowBuilder, ApplicationCommandOptionType as Type, ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits as Intent,
	MessageFlags, ModalBuilder, StringSelectMenuBuilder, TextInputBuilder, TextInputStyle} from "discord.js";

const [apiUrl, token] = process.argv.slice(2);
const names = ["Ada", "Alan", "Grace"];
const row = (...components) => new ActionRowBuilder().addComponents(...components);

const client = new Client({
	intents: [Intent.Guilds, Intent.GuildMessages, Intent.GuildMessageReactions, Intent.MessageContent],
	rest: {api: apiUrl.replace("/v10", ""), version: "10"},
});

const commands = [
	{name: "greet", description: "Greets somebody", options: [
		{name: "name", type: Type.String, description: "Who", required: true, autocomplete: true},
		{name: "times", type: Type.Integer, description: "How often", min_value: 1, max_value: 3}]},
	{name: "panel", description: "Buttons and a select"},
	{name: "slow", description: "Thinks first"},
	{name: "silent", description: "Never answers"},
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
	press: (it) => it.update(`pressed by ${it.user.username}`),
	fill: (it) => it.showModal(form()),
	place: (it) => it.reply({content: `you chose ${it.values[0]}`, flags: MessageFlags.Ephemeral}),
	form: (it) => it.reply(`thanks ${it.fields.getTextInputValue("name")}: ${it.fields.getTextInputValue("why")}`),
};

client.on(Events.InteractionCreate, (it) => answers[it.commandName ?? it.customId]?.(it));
client.on(Events.MessageCreate, (message) => message.content === "!ping" && message.reply("pong"));
client.on(Events.ShardResume, () => console.log("resumed"));
client.on(Events.ClientReady, async () => {
	await client.application.commands.set(commands);
	console.log("ready");
});
client.login(token);
