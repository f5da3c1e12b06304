"""Certificates for tests: an authority, a server, phones of many kinds."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key as PEM files."""

    certificate: Path
    key: Path

    def context(self, trusted: Path) -> ssl.SSLContext:
        """TLS for a phone that shows this certificate and trusts that authority."""
        made = ssl.create_default_context(cafile=str(trusted))
        made.load_cert_chain(self.certificate, self.key)
        return made


class Authority:
    """Signs certificates; `directory` is where they are put."""

    def __init__(self, directory: Path, name: str = "Vendor CA") -> None:
        self.directory, self._name = directory, _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(self._name, self._name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file = directory / f"{name}.pem"
        self.file.write_bytes(_pem(made.sign(self._key, hashes.SHA256())))

    def sign(
        self,
        common_name: str,
        *,
        names: list[str] | None = None,
        address: str = "",
        days: tuple[int, int] = (-1, 30),
        by_itself: bool = False,
    ) -> Pair:
        """A certificate for `common_name` and the DNS names `names`."""
        key, subject = ec.generate_private_key(ec.SECP256R1()), _named(common_name)
        issuer, signing = (subject, key) if by_itself else (self._name, self._key)
        made = _builder(subject, issuer, key.public_key(), days)
        others: list[x509.GeneralName] = [x509.DNSName(name) for name in names or []]
        others += [x509.IPAddress(ipaddress.ip_address(address))] if address else []
        if others:
            made = made.add_extension(x509.SubjectAlternativeName(others), critical=False)
        stem = self.directory / f"pair{len(list(self.directory.iterdir()))}"
        pair = Pair(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        pair.certificate.write_bytes(_pem(made.sign(signing, hashes.SHA256())))
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return pair


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    days: tuple[int, int] = (-1, 30),
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
