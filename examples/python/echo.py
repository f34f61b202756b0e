#!/usr/bin/env python3
"""echo: says what it hears, adds, and shows itself as idle.     PYTHONPATH=clients/python examples/python/echo.py"""
import tutti

bot = tutti.Bot("echo_py")


@bot.message(",echo {text}")
def echo(event, text: str):
    event.reply("python: you said: " + text)


@bot.message(",add {a} {b}")
def add(event, a: int, b: int):
    event.reply(f"python: {a + b}")


@bot.message(",idle")
def idle(event):
    event.gateway_op(3, {"since": None, "activities": [], "status": "idle", "afk": False})


bot.run()
