"""Reads what this package writes by models as the services of the field have them, with Pydantic 1 or 2.

Usage: models.py < lines.json; each line is a kind and its fields, or an answer. Prints the version, and what is refused.
"""

import json
import sys
from datetime import datetime
from typing import Any, Dict, Optional, Union

import pydantic
from pydantic import BaseModel


class Base(BaseModel):
    id: str
    timestamp: datetime
    source_service: str
    correlation_id: Optional[str] = None
    metadata: Dict[str, Any]
    type: str


class Event(Base):
    event_type: str
    entity_type: str
    entity_id: Union[str, int]
    company_id: Optional[Union[str, int]] = None
    user_id: Optional[Union[str, int]] = None
    before_data: Optional[Dict[str, Any]] = None
    after_data: Optional[Dict[str, Any]] = None
    changes: Optional[Dict[str, Any]] = None


class Command(Base):
    command_type: str
    target_service: str
    payload: Dict[str, Any]
    reply_to: Optional[str] = None
    timeout: Optional[int] = 30


class Notification(Base):
    notification_type: str
    title: str
    message: str
    target_user_id: Optional[Union[str, int]] = None
    target_company_id: Optional[Union[str, int]] = None
    channel: str
    priority: int
    expires_at: Optional[datetime] = None


class Health(BaseModel):
    service_name: str
    status: str
    timestamp: datetime
    details: Dict[str, Any]
    uptime_seconds: Optional[int] = None
    version: Optional[str] = None


class Answer(BaseModel):
    command_id: str
    success: bool
    result: Optional[Dict[str, Any]] = None
    error: Optional[str] = None
    timestamp: datetime
    execution_time_ms: Optional[int] = None


MODELS = {"event": Event, "command": Command, "notification": Notification, "health": Health, "answer": Answer}


def parsed(name, text):
    """A field's value as the field's services read it before their models do."""
    is_json = name.endswith("_data") or name in ("payload", "metadata", "changes", "details")
    if is_json:
        return json.loads(text) if text else {}
    if name == "timestamp" or name.endswith("_at"):
        return datetime.fromisoformat(text) if text else None
    if name in ("priority", "timeout", "uptime_seconds", "execution_time_ms"):
        return int(text) if text else None
    return text or None


print(pydantic.VERSION)
for line in sys.stdin:
    written = json.loads(line)
    fields = written["fields"]
    if written["kind"] != "answer":
        fields = {name: parsed(name, text) for name, text in fields.items()}
    try:
        MODELS[written["kind"]](**fields)
    except ValueError as error:
        print(json.dumps({**written, "refused": str(error)}))
