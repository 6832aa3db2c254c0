"""A service of the field: redis-py, every field read by its name, entries written field by field.

It is told what to do by JSON lines on its standard input, and tells what it sees by JSON lines on its standard output.
Usage: peer.py <port>
"""

import json
import sys
import threading
import uuid
from datetime import datetime

import redis

SERVICE = "python-service"
GROUP = SERVICE + "-workers"
REPLIES = SERVICE + "-responses"
STREAMS = {"events": "event", "commands": "command", "notifications": "notification", "health": "health"}

client = redis.Redis(port=int(sys.argv[1]), decode_responses=True)
speaking = threading.Lock()


def say(message):
    with speaking:
        print(json.dumps(message), flush=True)


# Writing: every field as text, absent ones empty, nested ones as JSON text, instants without a zone.


def text_of(value):
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def envelope(kind, given):
    return {
        "id": given.get("id") or str(uuid.uuid4()),
        "timestamp": datetime.utcnow().isoformat(),
        "source_service": SERVICE,
        "correlation_id": text_of(given.get("correlation_id")),
        "metadata": json.dumps(given.get("metadata") or {}),
        "type": kind,
    }


def publish_event(given):
    names = ["event_type", "entity_type", "entity_id", "company_id", "user_id", "before_data", "after_data", "changes"]
    entry = {**envelope("event", given), **{name: text_of(given.get(name)) for name in names}}
    return client.xadd("events", entry)


def send_command(given):
    entry = {
        **envelope("command", given),
        "command_type": given["command_type"],
        "target_service": given["target_service"],
        "payload": json.dumps(given["payload"]),
        "reply_to": text_of(given.get("reply_to", REPLIES)),
        "timeout": str(given.get("timeout", 30)),
    }
    return client.xadd("commands", entry)


def notify(given):
    names = ["notification_type", "title", "message", "target_user_id", "target_company_id"]
    entry = {**envelope("notification", given), **{name: text_of(given.get(name)) for name in names}}
    entry["channel"] = given.get("channel", "general")
    entry["priority"] = str(given.get("priority", 2))
    entry["expires_at"] = text_of(given.get("expires_at"))
    client.xadd("notifications", entry)
    if entry["target_user_id"]:
        channel = "notifications:user:" + entry["target_user_id"]
    elif entry["target_company_id"]:
        channel = "notifications:company:" + entry["target_company_id"]
    else:
        channel = "notifications:" + entry["channel"]
    return client.publish(channel, json.dumps(entry))


def report_health(given):
    entry = {
        "service_name": SERVICE,
        "status": given["status"],
        "timestamp": datetime.utcnow().isoformat(),
        "details": json.dumps(given.get("details") or {}),
        "uptime_seconds": text_of(given.get("uptime_seconds")),
        "version": text_of(given.get("version")),
    }
    return client.xadd("health", entry)


# Reading: a field that is missing is a KeyError, an instant or JSON that is none a ValueError, as in the field.


def optional(text):
    return None if text == "" else text


def integer(text):
    return None if text == "" else int(text)


def instant(text):
    return None if text == "" else datetime.fromisoformat(text).isoformat()


def parsed(text):
    return None if text == "" else json.loads(text)


READERS = {
    "event": {
        "event_type": str, "entity_type": str, "entity_id": optional, "company_id": integer, "user_id": integer,
        "before_data": parsed, "after_data": parsed, "changes": parsed,
    },
    "command": {
        "command_type": str, "target_service": str, "payload": parsed, "reply_to": optional, "timeout": integer,
    },
    "notification": {
        "notification_type": str, "title": str, "message": str, "target_user_id": integer,
        "target_company_id": integer, "channel": str, "priority": integer, "expires_at": instant,
    },
    "health": {
        "service_name": str, "status": str, "timestamp": instant, "details": parsed, "uptime_seconds": integer,
        "version": optional,
    },
}
COMMON = {
    "id": str, "timestamp": instant, "source_service": str, "correlation_id": optional, "metadata": parsed, "type": str,
}


def read(kind, fields):
    readers = READERS[kind] if kind == "health" else {**COMMON, **READERS[kind]}
    return {name: take(fields[name]) for name, take in readers.items()}


def answer(command):
    if command["payload"].get("email") == "taken@example.com":
        outcome = {"success": False, "result": None, "error": "email already registered"}
    else:
        user_id = int(command["payload"].get("first_name", "7"))
        outcome = {"success": True, "result": {"user_id": user_id}, "error": None}
    response = {
        "command_id": command["id"], **outcome, "timestamp": str(datetime.utcnow()), "execution_time_ms": None,
    }
    client.publish(command["reply_to"], json.dumps(response))


def consume():
    for stream in STREAMS:
        client.xgroup_create(stream, GROUP, id="0", mkstream=True)
    say({"ready": "consuming"})
    while True:
        wanted = {stream: ">" for stream in STREAMS}
        for stream, entries in client.xreadgroup(GROUP, SERVICE + "-1", wanted, count=50, block=200):
            for entry_id, fields in entries:
                try:
                    message = read(STREAMS[stream], fields)
                    if stream == "commands" and message["target_service"] == SERVICE and message["reply_to"]:
                        answer(message)
                    if message.get("source_service", message.get("service_name")) != SERVICE:
                        say({"stream": stream, "message": message})
                except Exception as error:
                    say({"stream": stream, "failed": repr(error), "fields": fields})
                client.xack(stream, GROUP, entry_id)


def listen():
    pubsub = client.pubsub()
    pubsub.subscribe(REPLIES)
    pubsub.psubscribe("notifications:*")
    heard = 0
    for sent in pubsub.listen():
        if sent["type"] in ("subscribe", "psubscribe"):
            heard += 1
            if heard == 2:
                say({"ready": "listening"})
        elif sent["channel"] == REPLIES:
            response = json.loads(sent["data"])
            response["timestamp"] = datetime.fromisoformat(response["timestamp"]).isoformat()
            names = ["command_id", "success", "result", "error", "timestamp", "execution_time_ms"]
            say({"answer": {name: response[name] for name in names}})
        else:
            say({"channel": sent["channel"], "message": json.loads(sent["data"])})


DEEDS = {"event": publish_event, "command": send_command, "notification": notify, "health": report_health}

for work in (consume, listen):
    threading.Thread(target=work, daemon=True).start()
for line in sys.stdin:
    given = json.loads(line)
    DEEDS[given.pop("do")](given)
