"""Files for the judge and for Asterisk: one mistake in each, or none at all.

The mistakes are listed by what Asterisk does about them, which the tests ask the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTEXTS = {"phones"}
FILES = {"included.conf": "[9]\ntype=aor\nmax_contacts=1\n", "broken.conf": "[9\ntype=aor\n"}
CODECS = "disallow=all\nallow=ulaw,alaw\n"


def phone(
    endpoint: str = "", aor: str = "", auth: str = "", other: str = "", codecs: str = CODECS
) -> str:
    """The pjsip.conf of one phone that is right in everything, with lines added to its sections."""
    return (
        f"[101]\ntype=endpoint\ncontext=phones\n{codecs}aors=101\nauth=101\n{endpoint}\n"
        f"[101]\ntype=aor\nmax_contacts=1\nremove_existing=yes\n{aor}\n"
        f"[101]\ntype=auth\nauth_type=digest\nusername=101\npassword=>Secret101\n{auth}\n{other}"
    )


def fixed(match: str, endpoint: str = "identify_by=ip") -> str:
    """A phone at a fixed address, without authentication."""
    return (
        f"[150]\ntype=endpoint\ncontext=phones\nallow=!all,ulaw\naors=150\n{endpoint}\n"
        f"[150]\ntype=aor\ncontact=sip:150@127.0.0.50:5070\n"
        f"[150]\ntype=identify\nendpoint=150\nmatch={match}\n"
    )


@dataclass(frozen=True)
class Case:
    """A file with one mistake, the kind that the judge names, and what shows that it was made.

    `shows`: type, name and option of what Asterisk has then, and its value; None: no such object.
    """

    kind: str
    text: str
    shows: tuple[str, str, str, str | None] = ("", "", "", None)
    option: str = ""

    def __str__(self) -> str:
        added = [line for line in self.text.splitlines() if line not in phone().splitlines()]
        return f"{self.kind} {'|'.join(added)[:50]}"


def last_option(lines: str) -> str:
    return lines.splitlines()[-1].partition("=")[0]


def endpoint(kind: str, lines: str, value: str | None = None, shown: str = "") -> Case:
    """A case of more lines in the endpoint; `value`: what Asterisk then has for the last option."""
    name = last_option(lines)
    return Case(kind, phone(endpoint=lines), ("endpoint", "101", shown or name, value), name)


def aor(kind: str, lines: str, value: str | None = None) -> Case:
    name = last_option(lines)
    return Case(kind, phone(aor=lines), ("aor", "101", name, value), name)


def auth(kind: str, lines: str, value: str | None = None) -> Case:
    name = last_option(lines)
    return Case(kind, phone(auth=lines), ("auth", "101", name, value), name)


def other(kind: str, text: str, *shows: str | None, option: str = "") -> Case:
    return Case(kind, phone(other=text), shows or ("", "", "", None), option)  # type: ignore[arg-type]


REFUSALS = [
    endpoint("unknown-option", "nat=yes"),
    endpoint("unknown-option", "canreinvite=no"),
    endpoint("unknown-option", "foo_bar=1"),
    endpoint("bad-value", "dtmf_mode=rfc2833"),
    endpoint("bad-value", "media_encryption=both"),
    endpoint("bad-value", "100rel=perhaps"),
    endpoint("bad-value", "identify_by=transport"),
    endpoint("bad-value", "dtls_verify=true"),
    endpoint("bad-value", "t38_udptl_ec=None"),
    endpoint("bad-value", "incoming_call_offer_pref=remote_merge"),
    endpoint("bad-value", "device_state_busy_at=-1"),
    endpoint("bad-value", "device_state_busy_at=two"),
    endpoint("bad-value", "rtp_timeout=08"),
    endpoint("bad-value", "rtp_timeout=4294967296"),
    endpoint("bad-value", "allow=PCMU"),
    endpoint("bad-value", "allow=PCMA"),
    endpoint("bad-value", "allow=G.722"),
    endpoint("bad-value", "allow=l16"),
    endpoint("bad-value", "allow="),
    endpoint("bad-value", "allow=ulaw\\;alaw"),
    endpoint("bad-value", "deny=300.1.1.1"),
    endpoint("bad-value", "deny=10.0.0.0/33"),
    endpoint("bad-value", "deny=0.0.0.0/0\npermit=127.0.0.0/24, 127.1.0.0/24"),
    endpoint("bad-value", "tos_audio=lowdelay"),
    endpoint("bad-value", "timers_min_se=89"),
    endpoint("bad-value", "timers_sess_expires=80"),
    endpoint("bad-value", "set_var=MAXCALLS"),
    endpoint("bad-value", "from_user=a b"),
    endpoint("bad-value", "rtp_port_start=10000"),
    endpoint("bad-value", "dtls_cert_file=/nowhere/cert.pem"),
    aor("bad-value", "contact=101@127.0.0.1"),
    aor("bad-value", "max_contacts=many"),
    aor("bad-value", "qualify_timeout=3s"),
    auth("bad-value", "auth_type=plain"),
    auth("bad-value", "password_digest=MD5:0123"),
    other(
        "missing-option", "[2]\ntype=auth\nauth_type=digest\nusername=2\n", "auth", "2", "", None
    ),
    other("missing-option", "[2]\ntype=auth\npassword=>x\n", "auth", "2", "", None),
    other("missing-option", "[2]\ntype=identify\nendpoint=101\n", "identify", "2", "", None),
    other("missing-option", "[2]\ntype=identify\nmatch=127.0.0.1\n", "identify", "2", "", None),
    other("missing-option", "[2]\ntype=transport\nprotocol=udp\n", "transport", "2", "", None),
    other(
        "bad-value",
        "[2]\ntype=identify\nendpoint=101\nmatch=h.invalid\n",
        "identify",
        "2",
        "",
        None,
    ),
    other(
        "bad-value",
        "[2]\ntype=identify\nendpoint=101\nmatch_header=X-Ext\n",
        "identify",
        "2",
        "",
        None,
    ),
]

DUPLICATE = other("duplicate", "[102]\ntype=aor\nmax_contacts=1\n" * 2, option="type")

LOSSES = [
    other("file-lost", "[10;2]\ntype=aor\n"),
    other("file-lost", "[102\ntype=aor\n"),
    other("file-lost", "#include nowhere.conf\n"),
    other("file-lost", "#include nowhere.d/*.conf\n"),
    other("file-lost", "[102](no_template)\ntype=aor\n"),
    other("file-lost", "[102](+)\ntype=aor\n"),
    other("file-lost", "[102](!\ntype=aor\n"),
    Case("file-lost", "type=aor\n" + phone()),
]

WARNINGS = [
    endpoint("ignored-value", "call_group=64", ""),
    endpoint("ignored-value", "pickup_group=sales", ""),
    endpoint("ignored-value", "stir_shaken=yes", "no"),
    endpoint("ignored-value", "sdp_owner=a b", "-"),
    endpoint("unknown-acl", "acl=offices", "offices"),
    Case(
        "line-skipped", phone("accountcode=" + "x" * 8190), ("endpoint", "101", "accountcode", "")
    ),
    Case("line-skipped", phone("accountcode 17"), ("endpoint", "101", "accountcode", "")),
    Case("line-skipped", phone("=17"), ("endpoint", "101", "context", "phones")),
    Case("line-skipped", phone("#comment"), ("endpoint", "101", "context", "phones")),
    other("open-comment", ";-- never closed\n[102]\ntype=aor\n", "aor", "102", "", None),
    other("open-comment", "[7]\ntype=aor\nmailboxes=a--;b\n[8]\ntype=aor\n", "aor", "8", "", None),
    other("include-lost", "#include broken.conf\n", "aor", "9", "", None),
    other("included-twice", "[2](!)\n#include included.conf\n[3](!)\n#include included.conf\n"),
    other("ignored-value", "[a]\ntype=global\n[b]\ntype=global\n"),
]

SILENCES = [
    endpoint("not-boolean", "direct_media=maybe", "false"),
    endpoint("not-boolean", "force_rport=enabled", "false"),
    endpoint("misread", "dtls_setup=both", "active"),
    endpoint("misread", "dtls_fingerprint=SHA-512", "SHA-256"),
    endpoint("misread", "rtp_timeout=010", "8"),
    endpoint("misread", "call_group=5-2", ""),
    endpoint("misread", "tos_audio=300", "44"),
    endpoint("misread", "callerid_privacy=256", "unknown"),
    endpoint("misread", "callerid=555-1234", "5551234"),
    endpoint("misread", "callerid=Ann <1> Lee", '"Ann" <1>'),
    endpoint("misread", "outbound_proxy=bogus", "bogus"),
    endpoint("misread", "tone_zone=atlantis", "atlantis"),
    endpoint("misread", "media_address=pbx", "pbx"),
    endpoint("misread", "deny=0.0.0.0/0\npermit=127.0.5.1/24"),
    endpoint("semicolon", 'callerid="Ann; Lee" <101>', '"Ann'),
    endpoint("semicolon", "accountcode=a;b", "a"),
    endpoint("dangling", "context=nowhere", "nowhere"),
    endpoint("dangling", "transport=t-none", "t-none"),
    endpoint("dangling", "outbound_auth=nobody", "nobody"),
    endpoint("permit-without-deny", "permit=127.0.5.0/24", "deny/permit", shown="acl"),
    endpoint("permit-without-deny", "contact_permit=127.0.5.0/24"),
    endpoint(
        "deny-after-permit", "permit=127.0.5.0/24\ndeny=0.0.0.0/0", "deny/permit", shown="acl"
    ),
    endpoint("open-to-ipv6", "deny=0.0.0.0/0\npermit=127.0.5.0/24", "deny/permit", shown="acl"),
    endpoint("repeated", "context=others\ncontext=phones", "phones"),
    endpoint("dtls-without-certificate", "media_encryption=dtls", "dtls"),
    Case(
        "dangling",
        phone().replace("aors=101", "aors=404"),
        ("endpoint", "101", "aors", "404"),
        "aors",
    ),
    Case(
        "dangling",
        phone().replace("auth=101", "auth=404"),
        ("endpoint", "101", "auth", "404"),
        "auth",
    ),
    Case("no-codec", phone(codecs=""), ("endpoint", "101", "allow", "(nothing)"), "allow"),
    Case(
        "no-codec",
        phone(codecs="allow=ulaw\ndisallow=all\n"),
        ("endpoint", "101", "allow", "(nothing)"),
        "allow",
    ),
    Case("mwi-twice", phone("mailboxes=1@d", "mailboxes=1@d"), ("aor", "101", "mailboxes", "1@d")),
    Case(
        "open-door",
        fixed("127.0.0.50", "identify_by=username"),
        ("endpoint", "150", "identify_by", "username"),
    ),
    Case("open-door", fixed("127.0.0.50", ""), ("endpoint", "150", "identify_by", "username,ip")),
    Case("misread", fixed("127.0.5.1/24"), ("identify", "150", "match", "127.0.5.0/255.255.255.0")),
    Case("misread", fixed("127.5"), ("identify", "150", "match", "127.0.0.5/255.255.255.255")),
    Case(
        "bad-port",
        fixed("127.0.0.50:99999"),
        ("identify", "150", "match", "127.0.0.50:34463/255.255.255.255"),
    ),
    Case(
        "same-ip",
        phone("identify_by=ip") + fixed("127.0.0.50") + "[2]\ntype=identify\nendpoint=101\n"
        "match=127.0.0.0/24\n",
        ("identify", "2", "endpoint", "101"),
    ),
    aor("semicolon", "contact=sip:1@127.0.0.1:5070;transport=tcp", "sip:1@127.0.0.1:5070"),
    aor("bad-port", "contact=sip:1@127.0.0.1:99999", "sip:1@127.0.0.1:99999"),
    aor("bad-port", "contact=sip:1@127.0.0.1:tcp", "sip:1@127.0.0.1:tcp"),
    aor("misread", "contact=sip:1@300.1.1.1", "sip:1@300.1.1.1"),
    aor("misread", "minimum_expiration=9000", "9000"),
    aor("repeated", "max_contacts=2", "2"),
    Case(
        "no-contacts",
        phone().replace("max_contacts=1\n", ""),
        ("aor", "101", "max_contacts", "0"),
    ),
    auth("spaces", "password= Secret102", "Secret102"),
    auth("spaces", "password=>Secret102 ", "Secret102"),
    auth("semicolon", "password=>Secret;102", "Secret"),
    auth("semicolon", "password=>Secret ;102", "Secret"),
    auth("misread", "password_digest=MD5:" + "z" * 32, "MD5:" + "z" * 32),
    other(
        "dangling",
        "[2]\ntype=identify\nendpoint=7\nmatch=127.0.0.7\n",
        "identify",
        "2",
        "endpoint",
        "7",
    ),
    other("no-type", "[102]\ncontext=phones\n", "endpoint", "102", "", None),
    other("unknown-type", "[102]\ntype=endpont\n", "endpoint", "102", "", None),
    other("unknown-type", "[102]\ntype=Endpoint\n", "endpoint", "102", "", None),
    other("section-name", "[bo]b]\ntype=aor\nmax_contacts=1\n", "aor", "bo", "max_contacts", "1"),
    other("section-name", "[]\ntype=aor\nmax_contacts=1\n", "aor", "", "", None),
    other(
        "section-name",
        f"[{'n' * 80}]\ntype=aor\nmax_contacts=1\n",
        "aor",
        "n" * 79,
        "max_contacts",
        "1",
    ),
    other(
        "section-name", "[tpl] (!)\ntype=aor\nmax_contacts=3\n", "aor", "tpl", "max_contacts", "3"
    ),
]

CASES = [*REFUSALS, DUPLICATE, *LOSSES, *WARNINGS, *SILENCES]

PROVED = {
    "no encryption": ("media_encryption=no", {"media_encryption": "no"}),
    "SDES": ("media_encryption=sdes", {"media_encryption": "sdes"}),
    "SDES if the phone can": (
        "media_encryption=sdes\nmedia_encryption_optimistic=yes",
        {"media_encryption": "sdes", "media_encryption_optimistic": "true"},
    ),
    "DTLS-SRTP": (
        "media_encryption=dtls\ndtls_auto_generate_cert=yes\ndtls_verify=fingerprint\n"
        "dtls_setup=actpass\nmedia_use_received_transport=yes",
        {"media_encryption": "dtls", "dtls_auto_generate_cert": "Yes", "dtls_setup": "actpass"},
    ),
    "WebRTC": ("webrtc=yes", {"webrtc": "yes", "media_encryption": "dtls"}),
    "DTMF": ("dtmf_mode=rfc4733", {"dtmf_mode": "rfc4733"}),
    "DTMF auto": ("dtmf_mode=auto_info", {"dtmf_mode": "auto_info"}),
    "behind NAT": (
        "direct_media=no\nrtp_symmetric=yes\nforce_rport=yes\nrewrite_contact=yes",
        {"rtp_symmetric": "true", "force_rport": "true", "rewrite_contact": "true"},
    ),
    "MWI for subscribers too": (
        "mailboxes=101@default\nmwi_subscribe_replaces_unsolicited=yes\nvoicemail_extension=*97\n"
        "mwi_from_user=vm",
        {"mailboxes": "101@default", "mwi_subscribe_replaces_unsolicited": "yes"},
    ),
    "codecs in an order": (
        "disallow=all\nallow=g722,alaw,ulaw\nincoming_call_offer_pref=remote",
        {"allow": "(g722|alaw|ulaw)", "incoming_call_offer_pref": "remote"},
    ),
    "networks": (
        "deny=0.0.0.0/0,::/0\npermit=127.0.5.0/24,127.0.6.7",
        {"acl": "deny/permit"},
    ),
    "calls": ("device_state_busy_at=2\nset_var=MAXCALLS=2", {"device_state_busy_at": "2"}),
    "a name": (
        'callerid="Zoë \\; \\"Z\\"" <0027*001>',
        {"callerid": '"Zoë ; \\"Z\\"" <0027*001>'},
    ),
}
"""Preferences as `docs` and recipes write them: right in every respect."""
