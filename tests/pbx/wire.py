"""A bare SIP phone on a UDP socket of its own: what it sends, and what it hears, is what is on the
wire. It registers, calls, is called and authenticates by digest (RFC 2617), and nothing else.

Messages are read by the standard library's parser of mail headers, not by ours.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message as Headers
from email.policy import compat32

from tests.pbx.sdp import answer_to

SECONDS = 10.0
"""How long anything is waited for; a free machine needs a hundredth of one."""
Address = tuple[str, int]


@dataclass(frozen=True)
class Message:
    """A request or a response, and whence it came."""

    start: str
    headers: Headers
    body: str
    peer: Address

    @property
    def method(self) -> str:
        """Of a request; a response's is `SIP/2.0`."""
        return self.start.partition(" ")[0]

    @property
    def user(self) -> str:
        """The user part of a request's URI."""
        return self.start.partition(":")[2].partition("@")[0]

    @property
    def status(self) -> int:
        """Of a response; a request's is 0."""
        return int(self.start.split()[1]) if self.method == "SIP/2.0" else 0

    def __getitem__(self, name: str) -> str:
        return str(self.headers[name] or "")


def read(data: bytes, peer: Address) -> Message:
    """A message as it came."""
    start, _, rest = data.partition(b"\r\n")
    head, _, body = rest.partition(b"\r\n\r\n")
    headers = message_from_string(f"{head.decode()}\r\n\r\n", policy=compat32)
    return Message(start.decode(), headers, body.decode(), peer)


@dataclass
class Phone:
    """A phone of the account `user`, at `address`, of a PBX on `port` of 127.0.0.1.

    `takes` is the status that it answers a call with. All that it hears stands in `heard`.
    """

    port: int
    user: str = "0027*001"
    password: str = ""
    address: str = "127.0.0.1"
    host: str = "127.0.0.1"
    takes: int = 200
    heard: list[Message] = field(default_factory=list)

    def __enter__(self) -> Phone:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((self.address, 0))
        self._socket.settimeout(0.05)
        self.own_port = int(self._socket.getsockname()[1])
        self._cseq, self._ends = 0, threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self._socket.close()

    def register(self) -> Message:
        """The answer to a REGISTER of its address."""
        return self.ask("REGISTER", "", {"Expires": "300"})

    def call(self, number: str, offer: str, seconds: float = SECONDS) -> Message:
        """The last answer to a call to `number`."""
        told = {"Content-Type": "application/sdp"}
        return self.ask("INVITE", number, told, offer, seconds=seconds)

    def ask(
        self,
        method: str,
        user: str,
        headers: Mapping[str, str] | None = None,
        body: str = "",
        via_port: int = 0,
        seconds: float = SECONDS,
    ) -> Message:
        """The last answer to a request to `user` ("": to the PBX itself), which authenticates when
        it is told to and has a password; 408 when nothing comes within so many seconds."""
        said = {
            "Via": f"SIP/2.0/UDP {self._own}:{via_port or self.own_port}",
            "Max-Forwards": "70",
            "From": f"<sip:{self.user}@{_in_uri(self.host)}>;tag={secrets.token_hex(4)}",
            "To": f"<{self._uri(user or self.user)}>",
            "Call-ID": secrets.token_hex(8),
            "Contact": f"<sip:{self.user}@{self._own}:{self.own_port}>",
            **(headers or {}),
        }
        uri = self._uri(user)
        answer = self._send(method, uri, said, body, seconds)
        if answer.status == 401 and self.password:
            login = _authorization(answer["WWW-Authenticate"], self, method, uri)
            answer = self._send(method, uri, said | {"Authorization": login}, body, seconds)
        return answer

    def hears(self, method: str, count: int = 1, seconds: float = SECONDS) -> list[Message]:
        """Requests of this method, waited for until there are so many; those that came again for
        want of an answer are there once."""
        ends = time.monotonic() + seconds
        while len(found := self._requests(method)) < count and time.monotonic() < ends:
            time.sleep(0.01)
        return found

    def _requests(self, method: str) -> list[Message]:
        found = [one for one in list(self.heard) if one.method == method]
        return list({(one["Call-ID"], one["CSeq"]): one for one in found}.values())

    def _uri(self, user: str) -> str:
        who = f"{user}@" if user else ""
        return f"sip:{who}{_in_uri(self.host)}:{self.port}"

    @property
    def _own(self) -> str:
        return _in_uri(self.address)

    def _send(
        self, method: str, uri: str, headers: Mapping[str, str], body: str, seconds: float
    ) -> Message:
        self._cseq += 1
        own = {"CSeq": f"{self._cseq} {method}", "Via": f"{headers['Via']};branch={_branch()}"}
        sent = {**headers, **own}
        self._post(f"{method} {uri}", sent, body)
        answer = self._answered(sent["Call-ID"], sent["CSeq"], seconds)
        if answer is None:
            return Message("SIP/2.0 408 nothing came", Headers(), "", ("", 0))
        if method == "INVITE":
            self._acknowledge(uri, sent, answer)
        return answer

    def _post(self, request: str, headers: Mapping[str, str], body: str = "") -> None:
        lines = [f"{request} SIP/2.0", *(f"{name}: {value}" for name, value in headers.items())]
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        self._socket.sendto(text.encode(), (self.host, self.port))

    def _answered(self, call_id: str, cseq: str, seconds: float) -> Message | None:
        """The last answer to a request; None: nothing came."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for one in list(self.heard):
                if (one["Call-ID"], one["CSeq"]) == (call_id, cseq) and one.status >= 200:
                    return one
            time.sleep(0.005)
        return None

    def _acknowledge(self, uri: str, sent: Mapping[str, str], answer: Message) -> None:
        """Tell the PBX that its answer to a call came. Of a refusal this belongs to the call
        itself, else it stands alone (RFC 3261, 17.1.1.3)."""
        via, contact = sent["Via"], re.search(r"<([^>]+)>", answer["Contact"])
        if answer.status < 300 and contact:
            uri, via = contact[1], re.sub("branch=.*", f"branch={_branch()}", via)
        headers = {name: answer[name] for name in ("From", "To", "Call-ID")}
        cseq = f"{sent['CSeq'].split()[0]} ACK"
        self._post(f"ACK {uri}", {"Via": via, "Max-Forwards": "70", **headers, "CSeq": cseq})

    def _listen(self) -> None:
        while not self._ends.is_set():
            try:
                data, peer = self._socket.recvfrom(65_536)
            except TimeoutError:
                continue
            if not data.strip():
                continue
            heard = read(data, peer[:2])
            self.heard.append(heard)
            if not heard.status and heard.method != "ACK":
                self._socket.sendto(self._answer(heard), peer)

    def _answer(self, heard: Message) -> bytes:
        is_call = heard.method == "INVITE"
        status = self.takes if is_call else 200
        body = answer_to(heard.body, self._own) if is_call and status == 200 else ""
        to = heard["To"] if ";tag=" in heard["To"] else f"{heard['To']};tag={self.own_port}"
        lines = [
            f"SIP/2.0 {status} Answered",
            *(f"Via: {via}" for via in heard.headers.get_all("Via") or ()),
            *(f"{name}: {heard[name]}" for name in ("From", "Call-ID", "CSeq")),
            f"To: {to}",
            f"Contact: <sip:{self.user}@{self._own}:{self.own_port}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", body]).encode()


def _branch() -> str:
    return f"z9hG4bK{secrets.token_hex(8)}"


def _in_uri(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _authorization(challenge: str, phone: Phone, method: str, uri: str) -> str:
    """The header that answers a digest challenge."""
    asked = dict(re.findall(r'(\w+)="?([^",]+)', challenge))
    nonce, count, own = asked["nonce"], "00000001", secrets.token_hex(8)
    ha1 = _md5(f"{phone.user}:{asked['realm']}:{phone.password}")
    response = _md5(f"{ha1}:{nonce}:{count}:{own}:auth:{_md5(f'{method}:{uri}')}")
    said = {
        "username": phone.user,
        "realm": asked["realm"],
        "nonce": nonce,
        "uri": uri,
        "response": response,
        "cnonce": own,
        "opaque": asked.get("opaque", ""),
    }
    quoted = ", ".join(f'{name}="{value}"' for name, value in said.items())
    return f"Digest {quoted}, algorithm=MD5, qop=auth, nc={count}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
