"""The page of the queues, in English."""

from __future__ import annotations

JOBS_EN: dict[str, str] = {
    "nav.jobs": "Server",
    "jobs.title": "The server's jobs",
    "jobs.subtitle": "Who works on the queues, what waits, and what failed. Only whoever operates this server sees it.",
    "jobs.refused.title": "There is nothing here for you",
    "jobs.refused.body": "This page is for whoever operates this server.",
    "jobs.no_workers.title": "Nobody works on the queues",
    "jobs.no_workers.body": "Messages wait. Start python -m session_core worker; nothing is lost meanwhile.",
    "jobs.queues": "Queues",
    "jobs.queue.sending": "Sending",
    "jobs.queue.alerts": "E-mails of alerts",
    "jobs.waiting": "waiting",
    "jobs.running": "running",
    "jobs.failed_count": "failed",
    "jobs.worker_count": "processes",
    "jobs.workers": "Processes",
    "jobs.since": "since",
    "jobs.busy": "Working",
    "jobs.idle": "Free",
    "jobs.done": "done",
    "jobs.failed": "Failed jobs",
    "jobs.none_failed": "None in the last day.",
    "jobs.more": "The newest ones are shown; in all there are",
    "jobs.no_error": "No error was noted",
    "jobs.task.drain": "Send what waits of an account",
    "jobs.task.mail": "Send the e-mail of an alert",
    "jobs.retry": "Retry",
    "jobs.retried": "The job is in its queue again.",
    "jobs.dismiss": "Dismiss",
    "jobs.dismissed": "The job is dismissed.",
    "jobs.dismiss.title": "Dismiss this job?",
    "jobs.dismiss.body": (
        "Only the failure is forgotten. The messages and alerts that it was about stay as they "
        "are, and are tried by themselves."
    ),
    "error.job_not_found": "That failed job is not there any more.",
}
