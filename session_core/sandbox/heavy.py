"""The sandbox's heavy variant: a page that weighs what WhatsApp Web weighs, for measurements.

About 12 MB of script (modules as Meta's bundler writes them, of which some 60 % run at the start, tables, long strings,
a worker) and 500 chats with their messages. All of it is made up here, the same on every run, and nothing is committed.
What comes of it in a Chromium is checked in ``tests/integration/sandbox/test_heavy.py``: a JS heap of 60 to 80 MB.
"""

from __future__ import annotations

import hashlib
import json
import random
from functools import lru_cache
from pathlib import Path

from session_core.sandbox.ids import lid_of

BUNDLES = 10
LATE_BUNDLES = 2
"""How many of them the page loads only once somebody is logged in."""
BUNDLE_BYTES = 1_050_000
WORKER_BYTES = 1_500_000
CHATS = 500
MESSAGES_PER_CHAT = 75

VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
"""Part of the addresses, so that browsers may keep what they loaded for ever, as on the real site."""

_SEED = 20260101
_LAST_MESSAGE = 1_767_225_600
"""Epoch seconds: before any account of a sandbox was linked, so that all of it is history."""

# Most names begin as on the real site, where clients that look for modules by their shape go through all of these.
_PREFIXES = ("WAWeb", "WAWeb", "WAWeb", "WAWeb", "WAWeb", "WAWeb", "useWAWeb", "WDS", "Comet", "relay")
_WORDS_TEXT = (
    "account action alert audio avatar backup banner biz block button call caption cart catalog channel chat code "
    "community contact content country crypto data device dialog draft drawer edit emoji event export feature file "
    "filter flow forward gallery group header history icon image info input invite job key label link list loader "
    "media member menu message meta metric modal mute name notice order panel participant payment phone picker pin "
    "poll preview privacy product profile query quote reaction receipt record reply request row screen search sender "
    "session setting share signal socket sound status sticker store stream sync table task template text theme thread "
    "toast token unread update upload user video view voice wallpaper worker"
)
_TALK_TEXT = (
    "mañana llego a las nueve y media te llamo cuando salga de la oficina ok perfecto gracias por avisar nos vemos el "
    "viernes en casa de Ana hay que llevar algo de beber he mirado el presupuesto y falta la firma did you see the "
    "message about the invoice I can send it again tomorrow morning please check the second page vale lo hago ahora"
)
_NAMES_TEXT = "Ana Beto Carmen Diego Elena Fran Gloria Hugo Inés Javi Lola Marta Nico Olga Pablo Rosa Saúl Tere Uxía"
_WORDS, _TALK, _NAMES = _WORDS_TEXT.split(), _TALK_TEXT.split(), _NAMES_TEXT.split()

_FUNCTIONS = (
    "function {f}(e,t){{var n=e.{w0},r=t==null?void 0:t.{w1};if(n==null||r==null)return null;"
    'return n.{w2}({{type:"{w3}",id:r.id,index:{i},onClick:function(){{return {f}(e,n)}}}})}}',
    'function {f}(e){{for(var t=[],n=0;n<e.length;n++){{var r=e[n];switch(r.type){{case"{w0}":t.push(r.{w1});break;'
    'case"{w2}":t.push(r.{w3}+{i});break;default:t.push(n*{i}%97)}}}}return t}}',
    "async function {f}(e){{try{{var t=await e.{w0}({{{w1}:{i},{w2}:e.{w3}}});"
    'return t&&t.ok?t.value:null}}catch(n){{throw new Error("{w0} {w1}: {w2} "+n)}}}}',
    'class {f}{{constructor(e){{this.{w0}=e,this.{w1}=[],this.{w2}=new Map([["{w3}",{i}]])}}get {w3}(){{return '
    "this.{w2}.size}}add(e){{this.{w1}.push(e),this.{w2}.set(e.id,e)}}remove(e){{return this.{w2}.delete(e.id)}}}}",
    "var {f}=function(e){{return e?Object.keys(e).map(function(t){{return[t,e[t]]}}).filter(function(t){{"
    'return t[0]!=="{w0}"}}).reduce(function(t,n){{return t[n[0]]={i}+String(n[1]).length,t}},'
    '{{{w1}:"{w2} {w3}"}}):{{}}}};',
)
_NOT_CALLED = ("async", "class")


class _Writer:
    """Writes modules until there are enough bytes. Deterministic for its seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret: the same on every run
        self.names: list[str] = []

    def words(self, count: int) -> list[str]:
        return self._random.choices(_WORDS, k=count)

    def module(self, bundle: int, number: int) -> str:
        """Return one module of 1 to 4 kB: functions, a class or two, a table, and what it exports."""
        pick = self._random
        name = f"{pick.choice(_PREFIXES)}{''.join(word.title() for word in self.words(3))}X{bundle}N{number}"
        functions, called = [], []
        for index in range(pick.randint(3, 12)):
            w0, w1, w2, w3 = self.words(4)
            shape = pick.choice(_FUNCTIONS)
            functions.append(shape.format(f=f"f{index}", w0=w0, w1=w1, w2=w2, w3=w3, i=pick.randint(2, 999)))
            if not shape.startswith(_NOT_CALLED):
                called.append(f"f{index}([]);")
        table = ",".join(
            f'{word}{index}:{{id:{pick.randint(1, 9999)},key:"{word}.{index}",text:"{self.sentence(3, 9)}"}}'
            for index, word in enumerate(self.words(pick.randint(2, 9)))
        )
        needs = pick.sample(self.names, min(len(self.names), 3)) if self.names else []
        self.names.append(name)
        exports = "".join(f"l.{name}=f{index};" for index, name in enumerate(self.words(len(functions))))
        # A module that runs calls some of its own functions, so that these are compiled, as on a page in use.
        return (
            f'__d("{name}",{json.dumps(needs)},(function(t,n,r,o,a,i,l){{"use strict";var e={{{table}}};'
            + "".join(functions)
            + f"{exports}l.table=Object.freeze(e);l.rows=Object.entries(e).map(function(t){{return{{key:t[0],"
            f"at:{number}+t[1].id,label:t[1].text}}}});{''.join(called[:3])}}}),98);"
        )

    def sentence(self, least: int, most: int) -> str:
        return " ".join(self._random.choices(_TALK, k=self._random.randint(least, most)))

    def strings(self, bundle: int) -> str:
        """Return the module of a bundle that holds its long texts, as translations are: parsed when it runs."""
        texts = {f"{'_'.join(self.words(2))}_{index}": self.sentence(4, 14) for index in range(400)}
        name = f"WAWebStringsX{bundle}"
        self.names.append(name)
        text = json.dumps(json.dumps(texts, ensure_ascii=False), ensure_ascii=False)
        return f'__d("{name}",[],(function(t,n,r,o,a,i,l){{l.text={text};l.texts=JSON.parse(l.text)}}),98);'


def _script(seed: int, size: int) -> tuple[str, list[str]]:
    writer = _Writer(_SEED + seed)
    parts, length = [writer.strings(seed)], 0
    while length < size:
        parts.append(writer.module(seed, len(parts)))
        length += len(parts[-1])
    return "\n".join(parts), writer.names


@lru_cache(maxsize=BUNDLES)
def bundle(number: int) -> bytes:
    """Return one of the page's bundles: modules, and the list of those that run at once. About 0.1 s the first time."""
    text, names = _script(number, BUNDLE_BYTES)
    eager = [name for index, name in enumerate(names) if index % 5 < 3]
    return f"{text}\n(window.heavyEager??=[]).push({json.dumps(eager)});".encode()


@lru_cache(maxsize=1)
def worker() -> bytes:
    """Return the worker's script: modules of its own, and an answer to who asks it to encrypt something."""
    text, _ = _script(BUNDLES, WORKER_BYTES)
    loader = "const modules=new Map();function __d(n,d,f){modules.set(n,f)}\n"
    run = """
let count = 0;
for (const factory of modules.values()) if (count++ % 5 < 3) factory.call(null, self, null, null, null, null, {}, {});
const key = crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
onmessage = async ({ data }) => {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  postMessage(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await key, new TextEncoder().encode(data)));
};
"""
    return (loader + text + run).encode()


@lru_cache(maxsize=1)
def history() -> bytes:
    """Return what a newly linked page gets, each chat oldest message first.

    Its shape: ``[{chat: {wid, pn, lid}, name, messages: [{id, fromMe, text, t}]}]``, ``t`` in epoch seconds.
    """
    writer = _Writer(_SEED - 1)
    pick = random.Random(_SEED)  # noqa: S311 - nothing secret: the same on every run
    chats = []
    for chat in range(CHATS):
        at = _LAST_MESSAGE - pick.randint(0, 90 * 86_400)
        messages = []
        for _ in range(MESSAGES_PER_CHAT):
            at -= pick.randint(20, 40_000)
            text = writer.sentence(2, 45) + (" 👍" if pick.random() < 0.1 else "")
            mine = pick.random() < 0.4
            messages.append({"id": f"3EB0{pick.getrandbits(72):018X}", "fromMe": mine, "text": text, "t": at})
        name = f"{pick.choice(_NAMES)} {writer.sentence(1, 1).title()} {chat}"
        number = f"346{chat:08d}"
        ids = {"wid": f"{number}@c.us", "pn": f"{number}@c.us", "lid": f"{lid_of(number)}@lid"}
        chats.append({"chat": ids, "name": name, "messages": messages[::-1]})
    return json.dumps(chats, ensure_ascii=False).encode()
