"""A bot of libtutti against doors played by this script: what it asks, and what it does when tuttid is
slow, restarted, silent, hostile, or has another process of the same name."""
import json
import os
import signal
import struct
import sys
import time

from played import EPOCH, Doors, record
from tutti import DEADLINE, Failed, World


def rows(world):
    with open(world.env["RECORD_FILE"], encoding="utf-8") as f:
        begun = (line.rstrip("\n").split(" ", 12) for line in f if line.startswith("b ") and line.endswith("\n"))
        return [(int(fields[3]), int(fields[7]), fields[12]) for fields in begun]


def written(world, count):
    end = time.monotonic() + DEADLINE
    while len(rows(world)) < count:
        if time.monotonic() > end:
            raise Failed(f"{len(rows(world))} of {count} events were written down")
        time.sleep(0.01)
    return rows(world)


def hears(world, doors, program, records):
    """A bot that is new here, served from the first position, and sent these."""
    bot = world.bot(os.path.basename(program), program, wait=False)
    doors.serve(pos=0)
    doors.say(b"E", records)
    return bot


CHECKS = []


def check(fn):
    CHECKS.append(fn)
    return fn


@check
def asks_for_its_events_from_the_head_and_commits_what_is_finished(w, d):
    w.bot("record", "test/record", wait=False)
    asked = d.serve(pos=10)
    assert asked["v"] == 1 and asked["bot"] == "record" and asked["topics"] == ["MESSAGE_CREATE.", "TUTTI_GAP."], asked
    assert asked["from"] == "commit" and "else" not in asked and asked["part"] == [0, 1], asked
    d.say(b"E", record(11, "a") + record(12, "b"))
    assert [r[2] for r in written(w, 2)] == ["a", "b"]
    d.until(lambda: d.done == 2 and d.commit == 12, "the commit")
    d.say(b"M", struct.pack("<Q", 500))
    d.until(lambda: d.commit == 500, "a mark is an event that is finished")
    w.bots["record"].kill(signal.SIGTERM)
    d.until(lambda: d.left, "the last word")
    w.bots["record"].wait(exit=0)


@check
def goes_on_from_its_cursor_after_a_kill_and_flags_what_was_in_hand(w, d):
    w.env["RECORD_SLEEP_MS"] = "600000"
    hears(w, d, "test/record", record(1, "stuck", guild=1) + record(2, "waits behind it", guild=1))
    written(w, 1)
    w.bots["record"].kill()
    w.bots["record"].wait()
    w.env["RECORD_SLEEP_MS"] = "0"
    w.bot("record", "test/record", wait=False)
    asked = d.serve(pos=0, head=2)
    assert (asked["epoch"], asked["pos"], asked.get("from", "cursor")) == (EPOCH, 0, "cursor"), asked
    # the bus flags all that it replays; the cursor knows better
    d.say(b"E", record(1, "stuck", guild=1, flags=3) + record(2, "waits behind it", guild=1, flags=3))
    assert written(w, 3)[1:] == [(1, 3, "stuck"), (2, 2, "waits behind it")], rows(w)


@check
def what_is_finished_above_a_hole_does_not_run_again(w, d):
    w.env["RECORD_SLEEP_MS"] = "600000"
    hears(w, d, "test/record", record(1, "stuck", guild=1))
    written(w, 1)
    w.bots["record"].kill()
    w.bots["record"].wait()
    w.env.update(RECORD_SLEEP_MS="0")
    hears(w, d, "test/record", record(2, "two", guild=2) + record(3, "three", guild=3))
    d.until(lambda: d.done == 2, "both")
    assert d.commit == 3, d.commit  # 1 never came on this connection
    d.say(b"E", record(2, "two", guild=2) + record(3, "three", guild=3) + record(4, "four", guild=4))
    d.until(lambda: d.done == 5, "all count as finished")
    assert sorted(r[0] for r in rows(w)) == [1, 2, 3, 4], rows(w)


@check
def lanes_are_served_side_by_side_and_each_in_order(w, d):
    w.env["RECORD_SLEEP_MS"] = "20"
    w.bot("record", "test/record", wait=False)
    d.serve(pos=0)
    events = [record(1 + i, f"{i % 4} {i // 4}", guild=1 + i % 4) for i in range(40)]
    d.say(b"E", b"".join(events))
    got = [r[2].split() for r in written(w, 40)]
    for lane in "0123":
        assert [int(n) for who, n in got if who == lane] == list(range(10)), got
    d.until(lambda: d.done == 40 and d.commit == 40, "the commit")


@check
def opens_again_after_silence_and_from_where_it_was(w, d):
    hears(w, d, "test/record", record(1, "one"))
    written(w, 1)
    asked = d.open()  # nothing was said for 5 s
    assert (asked["epoch"], asked["pos"]) == (EPOCH, 1), asked
    d.welcome(pos=1)
    d.say(b"E", record(2, "two"))
    written(w, 2)
    assert w.bots["record"].count(" silence ") == 1


@check
def opens_again_when_the_bus_does_not_know_it(w, d):
    w.bot("record", "test/record", wait=False)
    d.serve(pos=7)
    first = d.peer
    d.say(b"N")
    asked = d.open()
    assert asked["pos"] == 7 and d.peer != first, asked
    d.welcome(pos=7)
    d.say(b"E", record(8, "eight"))
    written(w, 1)


@check
def ends_well_when_another_process_takes_over(w, d):
    w.env["RECORD_SLEEP_MS"] = "300"
    bot = hears(w, d, "test/record", record(1, "in hand"))
    written(w, 1)
    d.say(b"X", b"409", b"taken over by another process of this bot")
    bot.wait(exit=0)
    assert bot.count(" taken_over ") == 1
    assert not d.events.poll(200) or d.events.recv_multipart()[1] != b"O", "it came back"


@check
def leaves_when_asked_with_its_commit(w, d):
    w.env["RECORD_SLEEP_MS"] = "300"
    bot = hears(w, d, "test/record", record(1, "in hand") + record(2, "not begun"))
    written(w, 1)
    d.say(b"C")
    d.until(lambda: d.left, "its C")
    assert (d.done, d.commit) == (1, 1), (d.done, d.commit)
    bot.wait(exit=0)


@check
def a_second_process_takes_the_cursor_when_the_first_has_gone(w, d):
    first = w.bot("first", "test/record", wait=False)
    d.serve(pos=0)
    d.say(b"E", record(1, "one"))
    written(w, 1)
    d.until(lambda: d.commit == 1, "the commit")
    old = d.peer
    w.bot("second", "test/record", wait=False)
    asked = d.open()
    assert asked["from"] == "commit" and not asked.get("epoch"), asked
    new, d.peer = d.peer, old
    d.say(b"C")
    d.until(lambda: d.left, "the first one's C")
    d.peer = new
    d.welcome(pos=0, head=1)  # the bus's commit may be behind the cursor
    d.say(b"E", record(1, "one", flags=3) + record(2, "two"))
    assert [r[2] for r in written(w, 2)] == ["one", "two"]
    first.wait(exit=0)


@check
def a_second_process_waits_for_what_the_first_has_in_hand(w, d):
    first = w.bot("first", "test/record", wait=False, env={"RECORD_SLEEP_MS": "4000"})
    d.serve(pos=0)
    d.say(b"E", record(1, "takes four seconds"))
    written(w, 1)
    old = d.peer
    second = w.bot("second", "test/record", wait=False)
    d.open()
    new, d.peer = d.peer, old
    d.say(b"C")
    d.peer = new
    d.welcome(pos=0, head=1)
    d.say(b"E", record(1, "takes four seconds", flags=3) + record(2, "two"))
    assert [r[2] for r in written(w, 2)] == ["takes four seconds", "two"]
    first.wait(exit=0)
    second.wait_line(r" cursor_taken .*waited_ms=[34]")


@check
def a_cursor_that_cannot_be_written_is_said_once(w, d):
    with open(os.path.join(w.dir, "file"), "w", encoding="utf-8"):
        pass
    bot = w.bot("record", "test/record", wait=False, env={"TUTTI_STATE": os.path.join(w.dir, "file/below")})
    asked = d.serve(pos=5)
    assert asked["from"] == "commit", asked
    d.say(b"E", record(6, "six", flags=3))
    assert written(w, 1) == [(6, 3, "six")]
    d.say(b"N")
    asked = d.open()
    assert (asked["epoch"], asked["pos"]) == (EPOCH, 6), asked
    assert bot.count(" cursor_unwritable ") == 1


@check
def a_gap_is_said_and_gone_over(w, d):
    bot = w.bot("record", "test/record", wait=False)
    d.serve(pos=0, head=1000)
    d.say(b"G", json.dumps({"from": 1, "to": 900, "why": "horizon", "epoch": EPOCH}).encode())
    bot.wait_line(r" gap .*from=1 to=900 why=horizon")
    d.say(b"E", record(901, "after the gap"))
    d.until(lambda: d.done == 1 and d.commit == 901, "the commit")


@check
def another_epoch_begins_a_new_cursor(w, d):
    bot = w.bot("record", "test/record", wait=False)
    d.serve(pos=50)
    d.say(b"N")
    d.open()
    d.welcome(pos=0, head=3, epoch=EPOCH + 1)
    d.say(b"G", json.dumps({"from": 51, "to": 60, "why": "epoch", "epoch": EPOCH}).encode())
    bot.wait_line(r" gap .*why=epoch")
    d.say(b"E", record(1, "a new one", epoch=EPOCH + 1))
    d.until(lambda: d.done == 1 and d.commit == 1, "the commit")


@check
def garbage_ends_the_connection_and_nothing_else(w, d):
    bot = w.bot("record", "test/record", wait=False)
    d.serve(pos=0)
    for frames in ([b""], [b"Z", b"x"], [b"E"], [b"M", b"123"], [b"G", b"{"], [b"X"]):
        if frames != [b"E"] and frames != [b"X"]:
            d.say(*frames)
    d.say(b"E", record(1, "still here"))
    written(w, 1)
    d.say(b"E", record(2, "x")[:40])
    bot.wait_line(r" protocol ")
    bot.kill(signal.SIGTERM)
    bot.wait(exit=0)


@check
def messages_of_bots_match_nothing_by_default(w, d):
    hears(w, d, "examples/echo", record(1, ",echo no", bot=True) + record(2, ",echo yes"))
    frames, document = d.call()
    assert document["body"]["content"] == "ok, you said: yes", document
    d.answer(frames, 200, {"id": "1"})
    d.until(lambda: d.commit == 2, "the commit")


@check
def a_call_pings_nobody_and_carries_its_route(w, d):
    hears(w, d, "examples/echo", record(1, ",echo @everyone \"quoted\""))
    frames, document = d.call()
    assert frames[1] == b"echo" and len(frames[2]) == 16 and frames[4] == b"REST", frames
    assert 0 < struct.unpack("<I", frames[3])[0] <= 30000
    assert document == {"method": "POST", "route": "/channels/{channel_id}/messages", "params": {"channel_id": "7"},
                        "query": {}, "body": {"allowed_mentions": {"parse": []},
                                              "content": "ok, you said: @everyone \"quoted\""}}, document
    d.answer(frames, 200, {"id": "1"})
    d.until(lambda: d.commit == 1, "the commit")


@check
def a_handler_that_runs_again_asks_under_the_same_id(w, d):
    bot = hears(w, d, "examples/echo", record(1, ",echo a") + record(2, ",echo a", guild=2))
    first = {d.call()[0][2] for _ in range(2)}
    assert len(first) == 2, "two events, two ids"
    bot.kill()
    bot.wait()
    w.bot("echo", "examples/echo", wait=False)
    d.serve(pos=0, head=2)
    d.say(b"E", record(1, ",echo a", flags=3) + record(2, ",echo a", guild=2, flags=3))
    again = set()
    while len(again) < 2:
        frames, _ = d.call()
        again.add(frames[2])
        d.answer(frames, 200, {"id": "1"})
    assert again == first
    d.until(lambda: d.commit == 2, "the commit")


@check
def a_call_without_an_answer_is_repeated_under_its_id(w, d):
    hears(w, d, "examples/echo", record(1, ",echo a"))
    first, document = d.call()
    second, again = d.call()
    assert (first[2], document) == (second[2], again)
    d.answer(second, 200, {"id": "1"})
    d.answer(second, 200, {"id": "1"})  # of no consequence
    d.until(lambda: d.commit == 1, "the commit")


@check
def a_refused_call_is_an_error_with_discords_words(w, d):
    bot = hears(w, d, "examples/echo", record(1, ",echo a"))
    frames, _ = d.call()
    d.answer(frames, 403, {"message": "Missing Access", "code": 50001})
    bot.wait_line(r" handler_error .*handler=echo .*echo\.c:\d+ .*Missing Access.*403.*50001")
    d.until(lambda: d.commit == 1, "it counts as processed")


@check
def a_mistake_in_the_name_is_refused_for_good(w, d):
    bot = w.bot("record", "test/record", wait=False)
    d.open()
    d.say(b"X", b"400", b"no such thing")
    bot.wait(exit=78)


def ask(w, d, word):
    """Has the bot "calls" say this word; its call, answered, and the call's document."""
    if "calls" not in w.bots:
        w.bot("calls", "test/calls", wait=False)
        d.serve(pos=0)
        d.pos = 0
    d.pos += 1
    d.say(b"E", record(d.pos, "," + word))
    frames, document = d.call()
    d.answer(frames, 200, {"id": str(1000 + d.pos)})
    return frames, document


SILENT = {"parse": []}


@check
def a_body_of_ones_own_pings_nobody_either_unless_it_says_so(w, d):
    assert ask(w, d, "raw")[1]["body"] == {"content": "@here", "allowed_mentions": SILENT}
    assert ask(w, d, "own")[1]["body"] == {"allowed_mentions": {"parse": ["everyone"]}}


@check
def a_message_says_whom_it_may_ping_what_it_answers_and_more(w, d):
    assert ask(w, d, "loud")[1]["body"] == {
        "content": "hello", "allowed_mentions": {"parse": ["users", "roles"], "replied_user": True},
        "message_reference": {"message_id": "1", "fail_if_not_exists": False}, "embeds": [{"title": "t"}]}
    body = ask(w, d, "reply")[1]["body"]
    assert body["content"] == "50%" and body["message_reference"]["message_id"] == "2", body


@check
def any_route_can_be_called(w, d):
    assert ask(w, d, "react")[1] == {
        "method": "PUT", "route": "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
        "params": {"channel_id": "7", "message_id": "1", "emoji_name": "\U0001F604"}, "query": {}}
    assert ask(w, d, "nick")[1] == {
        "method": "PATCH", "route": "/guilds/{guild_id}/members/{user_id}", "params": {"guild_id": "1", "user_id": "5"},
        "query": {"q": "a b"}, "body": {"nick": "ada"}, "reason": "asked"}


@check
def files_follow_the_document(w, d):
    assert ask(w, d, "file")[0][6:] == [b"some bytes", b"more"]


@check
def an_answer_can_be_used_for_the_next_call(w, d):
    first, _ = ask(w, d, "twice")
    second, _ = d.call()
    d.answer(second, 200, {"id": "2002"})
    third, document = d.call()
    d.answer(third, 200, {"id": "3"})
    assert document["body"]["content"] == "1001 then 2002", document
    assert len({first[2], second[2], third[2]}) == 3


@check
def a_capture_that_does_not_convert_tells_the_user_where_so_declared(w, d):
    assert ask(w, d, "add 2 40")[1]["body"]["content"] == "42"
    body = ask(w, d, "add two 40")[1]["body"]
    assert body["content"] == "two whole numbers, please" and body["message_reference"]["message_id"] == "2", body


@check
def errors_carry_route_place_and_reason(w, d):
    bot = hears(w, d, "test/calls", record(1, ",fail") + record(2, ",badjson"))
    bot.wait_line(r' handler_error .*handler=fail at=\S*calls\.c:\d+ .*pos=1 .*a reason with')
    bot.wait_line(r" handler_error .*handler=badjson .*the body is not JSON")
    d.until(lambda: d.commit == 2, "the commit")


@check
def a_gateway_op_waits_for_room_and_no_longer_than_its_deadline(w, d):
    bot = hears(w, d, "test/calls", record(1, ",members"))
    frames, document = d.op()
    assert frames[2] == b"calls" and len(frames[3]) == 16 and frames[5] == b"GATEWAY", frames
    assert document == {"op": 8, "d": {"guild_id": "1", "query": "", "limit": 2}}, document
    asked = time.monotonic()
    d.answer_op(frames, 1, {"message": "wait", "wait_ms": 400})
    again, _ = d.op()
    assert again[3] == frames[3] and time.monotonic() - asked >= 0.4
    d.answer_op(again, 1, {"message": "the limit", "wait_ms": 5000})
    bot.wait_line(r" handler_error .*handler=members .*no answer before the deadline: the limit")


@check
def a_gateway_op_without_an_answer_is_asked_again(w, d):
    bot = hears(w, d, "test/calls", record(1, ",members"))
    first, _ = d.op()
    second, _ = d.op()
    assert first[3] == second[3]
    d.answer_op(second, 3, {"message": "no right"})
    bot.wait_line(r" handler_error .*handler=members .*this bot may not do that: no right")


@check
def a_call_past_its_deadline_is_an_error(w, d):
    bot = hears(w, d, "test/calls", record(1, ",slow"))
    frames, _ = d.call()
    assert struct.unpack("<I", frames[3])[0] <= 300
    bot.wait_line(r" handler_error .*handler=slow .*outcome is unknown.*before the deadline")


@check
def a_handler_may_end_the_bot(w, d):
    bot = hears(w, d, "test/calls", record(1, ",bye"))
    d.until(lambda: d.left and d.commit == 1, "the last word")
    bot.wait(exit=0)


@check
def stop_works_from_another_thread_twice_and_before_serve(w, d):
    bot = hears(w, d, "test/calls", record(1, ",stop"))
    bot.wait(exit=0)
    w.bot("early", "test/calls", wait=False, env={"STOP_BEFORE": "1"}).wait(exit=0)


@check
def a_stop_waits_for_the_answer_of_a_handler_in_hand(w, d):
    bot = hears(w, d, "test/calls", record(1, ",reply"))
    frames, _ = d.call()
    bot.kill(signal.SIGTERM)
    bot.wait_line(r" stopping ")
    d.answer(frames, 200, {"id": "1"})
    d.until(lambda: d.left and d.commit == 1, "the last word")
    bot.wait(exit=0)


failed = 0
for fn in CHECKS:
    name = fn.__name__.replace("_", " ")
    if len(sys.argv) > 1 and sys.argv[1] not in name:
        continue
    try:
        with World(name) as world:
            world.env["RECORD_FILE"] = os.path.join(world.dir, "record")
            with open(world.env["RECORD_FILE"], "w", encoding="utf-8"):
                pass
            doors = Doors(world)
            try:
                fn(world, doors)
            except AssertionError as why:
                raise Failed(f"{why or 'an assertion'} (line {why.__traceback__.tb_next.tb_lineno})") from why
            finally:
                doors.close()
        print(f"ok {name}", flush=True)
    except Failed as why:
        failed = 1
        print(f"not ok {name}: {why}", flush=True)
sys.exit(failed)
