"""pjsip configurations as different admins write them, by name: file name → text."""

from __future__ import annotations

TRANSPORTS = """\
[t-udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}
"""

PLAIN = {
    "pjsip.conf": """\
; our phones
[101]
type=endpoint
context=phones
disallow=all
allow=ulaw,alaw
aors=101
auth=101
callerid="Ana B." <101>
mailboxes=101@default
[101]
type=aor
max_contacts=1
remove_existing=yes
qualify_frequency=60
[101]
type=auth
auth_type=digest
username=101
password=>>Secret\\;101

[102]
type = endpoint
context = phones
allow = !all,g722,alaw   ; wideband
direct_media = no
dtmf_mode = info
media_encryption = sdes
media_encryption_optimistic = yes
rtp_symmetric = yes
rewrite_contact = yes
aors = 102
auth = 102
language = de
call_group = 1
pickup_group = 1
[102]
type = aor
max_contacts = 3
[102]
type = auth
username = 102
password = pa ss#1
"""
}
"""Every section written out, with and without blanks."""

TEMPLATES = {
    "pjsip.conf": """\
[phone](!)
type=endpoint
context=phones
disallow=all
allow=alaw,ulaw
direct_media=no
rtp_symmetric=yes
force_rport=yes
rewrite_contact=yes
[login](!)
type=auth
auth_type=userpass
[reg](!)
type=aor
max_contacts=5
qualify_frequency=30
qualify_timeout=4.0

; -- first floor ----------------------
[201](phone)
auth=201
aors=201
callerid=Bob <201>
; extension 999 is not one of ours
[201](login)
username=201
password=bob
[201](reg)

[202](phone) ; the boss
auth=202
aors=202
callerid="Eve" <202>
allow+=,g722
deny=0.0.0.0/0.0.0.0
permit=127.0.5.0/255.255.255.0
permit=127.0.6.7
[202](login)
username=202
password=eve
[202](reg)
max_contacts=1
;-- [203](phone)
auth=203
--;
[202](+type=endpoint)
accountcode=boss
[phone](+TEMPLATES=include)
"""
}
"""Templates, an addition, comments between and inside."""

CHANGED_TEMPLATE = {
    "pjsip.conf": """\
[phone](!)
type=endpoint
disallow=all
allow=alaw
[301](phone)
auth=301
aors=301
[301]
type=auth
username=301
password=three
[301]
type=aor
max_contacts=1
[phone](+TEMPLATES=include)
direct_media=no
[302](phone)
auth=302
aors=302
[302]
type=auth
username=302
password=four
[302]
type=aor
max_contacts=1
"""
}
"""A template that is changed after an extension took it."""

SPLIT = {
    "pjsip.conf": """\
#include pjsip.endpoint.conf
#include pjsip.aor.conf
#include pjsip.auth.conf
#tryinclude pjsip.none.conf
""",
    "pjsip.endpoint.conf": """\
#include pjsip.endpoint_custom.conf

[401]
type=endpoint
aors=401
auth=401-auth
tos_audio=ef
cos_audio=5
allow=ulaw,alaw,gsm,g726
context=from-internal
callerid=Four One <401>
dtmf_mode=rfc4733
direct_media=yes
mailboxes=401@default
mwi_subscribe_replaces_unsolicited=yes
rtp_symmetric=yes
rewrite_contact=yes
force_rport=yes
media_encryption=no
timers=yes
media_encryption_optimistic=no
refer_blind_progress=yes
send_connected_line=yes

[402]
type=endpoint
aors=402
auth=402-auth
allow=opus
context=from-internal
callerid=Four Two <402>
media_encryption=dtls
dtls_auto_generate_cert=yes
webrtc=yes

#include pjsip.endpoint_custom_post.conf
""",
    "pjsip.endpoint_custom.conf": "; nothing yet\n",
    "pjsip.endpoint_custom_post.conf": "[401](+)\nrtp_timeout=30\n",
    "pjsip.aor.conf": """\
[401]
type=aor
max_contacts=1
remove_existing=yes
maximum_expiration=7200
minimum_expiration=60
qualify_frequency=60
[402]
type=aor
max_contacts=2
""",
    "pjsip.auth.conf": """\
[401-auth]
type=auth
auth_type=userpass
password=4a01
username=401
[402-auth]
type=auth
auth_type=userpass
password=4a02
username=402
""",
}
"""One file for each type, as FreePBX writes them."""

FIXED = {
    "pjsip.conf": """\
[501]
type=endpoint
context=phones
disallow=all
allow=ulaw
aors=501
identify_by=ip
[501]
type=aor
contact=sip:501@127.0.0.50:5070
[501]
type=identify
endpoint=501
match=127.0.0.50

[502]
type=endpoint
context=phones
disallow=all
allow=alaw
aors=502
auth=502
callerid="Gate" <502>
[502]
type=aor
contact=sip:502@127.0.0.51
qualify_frequency=10
[502]
type=auth
username=502
password=gate
[502-identify]
type=identify
endpoint=502
match=127.0.0.51/32
"""
}
"""Phones known by their addresses."""

COMMENTED = {
    "pjsip.conf": """\
[801]
type=endpoint ;-- [899]
type=endpoint
--;
Context=phones
allow=ulaw
aors=801
auth=801
dtmf_mode=INBAND
[801]
type=aor
[801]
type=auth
username=801
password=acht
[802]\r
type=endpoint\r
context=phones\r
allow=alaw\r
aors=802\r
auth=802\r
[802]\r
type=aor\r
max_contacts=2\r
[802]\r
type=auth\r
username=802\r
password=zwei\r
"""
}
"""A section that is commented out inside another, and lines that end as DOS ends them."""

LEFT = {
    "pjsip.conf": """\
[provider]
type=endpoint
outbound_auth=provider
aors=provider
allow=alaw
[provider]
type=aor
contact=sip:provider.example
[provider]
type=auth
username=u
password=p
[601]
type=endpoint
allow=alaw
aors=601
[601]
type=aor
max_contacts=1
[602]
type=endpoint
allow=alaw
auth=602
aors=602
[602]
type=aor
max_contacts=1
[602]
type=auth
auth_type=digest
username=602
password_digest=MD5:0123456789abcdef0123456789abcdef
[hall]
type=endpoint
allow=alaw
auth=hall
aors=hall
[hall]
type=aor
[hall]
type=auth
username=hall
password=hall
[603]
type=endpoint
allow=alaw
auth=603
aors=603,604
[603]
type=aor
[603]
type=auth
username=603
password=x
[604]
type=registration
server_uri=sip:provider.example
client_uri=sip:604@provider.example
[604]
type=endpoint
allow=alaw
auth=604
aors=604
[604]
type=aor
[604]
type=auth
username=604
password=x
"""
}
"""What no page can carry."""

STYLES = {
    "plain": PLAIN,
    "templates": TEMPLATES,
    "changed template": CHANGED_TEMPLATE,
    "split": SPLIT,
    "fixed": FIXED,
    "commented": COMMENTED,
}
