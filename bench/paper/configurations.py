# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper's thirteen configurations and the higher security levels that it leaves for later, in the order of its table 5."""
import dataclasses

GROUPS = {"P-256": "P-256", "X25519": "X25519", "ML-KEM-512": "MLKEM512", "ML-KEM-768": "MLKEM768", "ML-KEM-1024": "MLKEM1024"}
CERTIFICATES = {"ECDSA": "P-256", "ML-DSA-44": "ML-DSA-44", "ML-DSA-65": "ML-DSA-65", "ML-DSA-87": "ML-DSA-87"}


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Plain CoAP when it has no group. verify: the chain of the certificate is checked, not only CertificateVerify."""
    group: str = ""
    signature: str = ""
    verify: bool = False

    @property
    def title(self):
        return f"{self.group} + {self.signature}" if self.group else "Plain CoAP (no DTLS)"

    @property
    def key(self):
        return f"{self.group}-{self.signature}-{'verified' if self.verify else 'unverified'}".lower() if self.group else "plain"

    @property
    def mark(self):
        return ("yes" if self.verify else "no") if self.group else "-"


PLAIN = Configuration()
POST_QUANTUM = Configuration("ML-KEM-512", "ML-DSA-44", True)
CLASSICAL = Configuration("P-256", "ECDSA", True)


def combinations(groups, signatures):
    return [Configuration(group, signature, verify) for signature in signatures for group in groups for verify in (False, True)]


def thirteen():
    return [PLAIN] + combinations(("P-256", "X25519", "ML-KEM-512"), ("ECDSA", "ML-DSA-44"))


def higher():
    return combinations(("ML-KEM-768", "ML-KEM-1024"), ("ML-DSA-65", "ML-DSA-87"))


def all_of_table_5():
    return thirteen() + higher()
