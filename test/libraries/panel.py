"""A bot on discord.py, as its users write them: what the chat page is tried with.

  panel_bot.py API_URL TOKEN: prints "ready" and serves."""
import json
import sys
import urllib.request

import discord
import yarl
from discord import app_commands

API_URL, TOKEN = sys.argv[1:]
discord.http.Route.BASE = API_URL
with urllib.request.urlopen(urllib.request.Request(API_URL + "/gateway", headers={"User-Agent": "panel"})) as answer:
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(json.load(answer)["url"])
NAMES = ["Ada", "Alan", "Grace"]


class Form(discord.ui.Modal, title="About you"):
    name = discord.ui.TextInput(label="Your name")
    why = discord.ui.TextInput(label="Why", style=discord.TextStyle.paragraph, required=False)

    async def on_submit(self, interaction):
        await interaction.response.send_message(f"thanks {self.name.value}: {self.why.value}")


class Panel(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=None)

    @discord.ui.button(label="Press me", style=discord.ButtonStyle.primary)
    async def press(self, interaction, _button):
        await interaction.response.edit_message(content=f"pressed by {interaction.user.name}")

    @discord.ui.button(label="Fill in")
    async def fill(self, interaction, _button):
        await interaction.response.send_modal(Form())

    @discord.ui.select(placeholder="A place", options=[discord.SelectOption(label=n, value=n.lower()) for n in ("Bern", "Oslo")])
    async def choose(self, interaction, select):
        await interaction.response.send_message(f"you chose {select.values[0]}", ephemeral=True)


class Bot(discord.Client):
    def __init__(self):
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__(intents=intents)
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self):
        await self.tree.sync()

    async def on_ready(self):
        print("ready", flush=True)

    async def on_resumed(self):
        print("resumed", flush=True)

    async def on_message(self, message):
        if message.content in WORDS:
            await WORDS[message.content](message)


# What a moderator's bot does, each by a word in the channel.


async def ping(message):
    await message.reply("pong")


async def thread(message):
    made = await message.create_thread(name="a thread", auto_archive_duration=60)
    await made.send("in the thread")
    print("thread", ",".join(t.name for t in await message.guild.active_threads()), flush=True)


async def archive(message):
    await message.channel.edit(archived=True)
    print("archived", flush=True)


async def pin(message):
    await message.pin()
    print("pins", ",".join(m.content for m in await message.channel.pins()), flush=True)


async def role(message):
    made = await message.guild.create_role(name="crew", color=0x336699)
    await message.author.add_roles(made)
    print("role", made.name, str(message.guild.me.guild_permissions.administrator).lower(), flush=True)


async def purge(message):
    try:
        print("purged", len(await message.channel.purge(limit=2)), flush=True)
    except discord.Forbidden as why:
        print("error", why.code, flush=True)


async def kick(message):
    try:
        await message.guild.kick(discord.Object(40))
        print("kicked", flush=True)
    except discord.Forbidden as why:
        print("error", why.code, flush=True)


async def direct(message):
    await message.author.send("between us")


WORDS = {"!ping": ping, "!thread": thread, "!archive": archive, "!pin": pin, "!role": role, "!purge": purge, "!kick": kick,
         "!dm": direct}

bot = Bot()


@bot.tree.command(description="Greets somebody")
async def greet(interaction, name: str, times: app_commands.Range[int, 1, 3] = 1):
    await interaction.response.send_message(" ".join([f"Hello {name}!"] * times))


@greet.autocomplete("name")
async def names(_interaction, current):
    return [app_commands.Choice(name=n, value=n) for n in NAMES if n.lower().startswith(current.lower())]


@bot.tree.command(description="Buttons and a select")
async def panel(interaction):
    await interaction.response.send_message("a panel", view=Panel())
    print("panel", flush=True)  # only now does the library listen to its buttons


@bot.tree.command(description="Thinks first")
async def slow(interaction):
    await interaction.response.defer()
    await interaction.followup.send("thought about it")


@bot.tree.context_menu(name="Whois")
async def whois(interaction, user: discord.Member):
    await interaction.response.send_message(f"that is {user.name}")


@bot.tree.context_menu(name="Quote")
async def quote(interaction, message: discord.Message):
    await interaction.response.send_message(f"{message.author.name} said: {message.content}")


@bot.tree.command(description="Never answers")
async def silent(_interaction):
    pass


bot.run(TOKEN, log_level=30)
