# SPDX-License-Identifier: GPL-3.0-or-later
"""What the paper publishes, from its prose: the cells of its tables are not in our copy. Nothing here is measured by us."""

# Milliseconds of handshake and first request without verification, and what verification adds, as section 4.4 states them.
HANDSHAKES = {("P-256", "ECDSA"): 479, ("X25519", "ECDSA"): 819, ("ML-KEM-512", "ECDSA"): 313, ("ML-KEM-512", "ML-DSA-44"): 225}
VERIFICATION = {("P-256", "ECDSA"): 188.8, ("X25519", "ECDSA"): 189.4, ("ML-KEM-512", "ECDSA"): 204.5, ("P-256", "ML-DSA-44"): 11.5,
                ("X25519", "ML-DSA-44"): 13.7, ("ML-KEM-512", "ML-DSA-44"): 24.3}
# Percent by which one is faster than the other, end to end and of the computing alone.
FASTER = {"ML-KEM-512 faster than P-256 (ECDSA, not verified)": 35, "ML-KEM-512 faster than X25519 (ECDSA, not verified)": 62,
          "post-quantum pair faster than the classical one, not verified": 53, "post-quantum pair faster than the classical one, verified": 63}
COMPUTING = {"the same of the computing alone, not verified": 59.7, "the same of the computing alone, verified": 68.1}
POOLED_MS = {"chain verification, ECDSA (pooled)": 194, "chain verification, ML-DSA-44 (pooled)": 17}
VERIFICATION_TIMES = 12   # "about 12 times faster" with ML-DSA-44 than with ECDSA
# Of table 1, whose cells are not in our copy, section 4.1 says in prose:
HEAP_KIB = "0.2 to 1.3 KiB"        # by which peak heap differs between the variants with and without verification
ROM_KIB = "6 to 14"                # of code, which ML-DSA-44 adds over ECDSA; the unit is not in our copy, KiB by what stands around it
DRAM = "97.6 % of its DRAM"        # static, the same in all DTLS variants
REQUESTS_A_SECOND = 41.5  # on an open session, from its mean round trip
POOL_MS = 0.1             # injection and extraction together stay below this
ESP32_HZ = 240e6          # the chip's highest clock; the paper's own figure is not in our copy
