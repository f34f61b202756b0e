#!/usr/bin/env python3
"""echo: says what it hears, and adds.     PYTHONPATH=clients/python examples/python/echo.py"""
import tutti

bot = tutti.Bot("echo_py")


@bot.message(",echo {text}")
def echo(event, text: str):
    event.reply("python: you said: " + text)


@bot.message(",add {a} {b}")
def add(event, a: int, b: int):
    event.reply(f"python: {a + b}")


bot.run()
