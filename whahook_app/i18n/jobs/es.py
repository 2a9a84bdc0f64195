"""The page of the queues, in Spanish."""

from __future__ import annotations

JOBS_ES: dict[str, str] = {
    "nav.jobs": "Servidor",
    "jobs.title": "Trabajos del servidor",
    "jobs.subtitle": "Quién trabaja en las colas, qué espera y qué falló. Solo lo ve quien opera este servidor.",
    "jobs.refused.title": "Aquí no hay nada para ti",
    "jobs.refused.body": "Esta página es de quien opera este servidor.",
    "jobs.no_workers.title": "Nadie trabaja en las colas",
    "jobs.no_workers.body": (
        "Los mensajes esperan. Arranca python -m session_core worker; nada se pierde mientras tanto."
    ),
    "jobs.queues": "Colas",
    "jobs.queue.sending": "Envíos",
    "jobs.queue.alerts": "Correos de avisos",
    "jobs.waiting": "en espera",
    "jobs.running": "en marcha",
    "jobs.failed_count": "fallidos",
    "jobs.worker_count": "procesos",
    "jobs.workers": "Procesos",
    "jobs.since": "desde",
    "jobs.busy": "Trabajando",
    "jobs.idle": "Libre",
    "jobs.done": "hechos",
    "jobs.failed": "Trabajos fallidos",
    "jobs.none_failed": "Ninguno en el último día.",
    "jobs.more": "Se muestran los más nuevos; en total hay",
    "jobs.no_error": "Sin error anotado",
    "jobs.task.drain": "Enviar lo que espera de una cuenta",
    "jobs.task.mail": "Enviar el correo de un aviso",
    "jobs.retry": "Repetir",
    "jobs.retried": "El trabajo vuelve a su cola.",
    "jobs.dismiss": "Descartar",
    "jobs.dismissed": "El trabajo está descartado.",
    "jobs.dismiss.title": "¿Descartar este trabajo?",
    "jobs.dismiss.body": (
        "Solo se olvida el fallo. Los mensajes y avisos de los que trataba siguen como están y se intentan solos."
    ),
    "error.job_not_found": "Ese trabajo fallido ya no existe.",
}
