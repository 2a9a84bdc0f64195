"""The tables, one module a family. Rows say what is wanted and was last known; processes are reconciled to them."""

from session_core.store.models.accounts import Account as Account
from session_core.store.models.accounts import Activity as Activity
from session_core.store.models.accounts import SessionRuntime as SessionRuntime
from session_core.store.models.alerts import Alert as Alert
from session_core.store.models.alerts import AlertPreference as AlertPreference
from session_core.store.models.backups import SessionBackup as SessionBackup
from session_core.store.models.base import GROWING as GROWING
from session_core.store.models.base import Base as Base
from session_core.store.models.chats import Chat as Chat
from session_core.store.models.chats import Contact as Contact
from session_core.store.models.history import Erasure as Erasure
from session_core.store.models.media import Media as Media
from session_core.store.models.media import MediaPreference as MediaPreference
from session_core.store.models.messages import Message as Message
from session_core.store.models.messages import OutboxEvent as OutboxEvent
from session_core.store.models.people import ApiKey as ApiKey
from session_core.store.models.people import LoginSession as LoginSession
from session_core.store.models.people import User as User
from session_core.store.models.webhooks import OutboxProgress as OutboxProgress
from session_core.store.models.webhooks import WebhookAttempt as WebhookAttempt
from session_core.store.models.webhooks import WebhookDelivery as WebhookDelivery
from session_core.store.models.webhooks import WebhookEndpoint as WebhookEndpoint
from session_core.store.models.webhooks import WebhookLane as WebhookLane
