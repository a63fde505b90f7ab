"""The stable codes of what this domain refuses."""

from enum import StrEnum

from virage.platform.values.refusals import invalid_input


class Reason(StrEnum):
    """Why something was refused; the platform's problem table gives each its HTTP status."""

    CODE_WRONG = "code_wrong"
    COOKIE_MISSING = "cookie_missing"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    RATE_LIMITED = "rate_limited"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    INVITATION_INVALID = "invitation_invalid"
    LAST_ADMIN = "last_admin"
    ADMIN_EXISTS = "admin_exists"
    HOLDS_GRANTS = "holds_grants"
    HAS_UPCOMING_TICKETS = "has_upcoming_tickets"
    ID_TAKEN = "id_taken"
    PAIRING_INVALID = "pairing_invalid"
    DEVICE_REVOKED = "device_revoked"
    PIN_TRIVIAL = "pin_trivial"
    PASSKEYS_UNAVAILABLE = "passkeys_unavailable"
    PASSKEYS_FULL = "passkeys_full"
    PASSKEY_UNKNOWN = "passkey_unknown"
    PASSKEY_INVALID = "passkey_invalid"
    PASSKEY_DISABLED = "passkey_disabled"
    PASSKEY_NEEDED = "passkey_needed"
    PASSKEY_TAKEN = "passkey_taken"
    CHALLENGE_INVALID = "challenge_invalid"
    RECOVERY_WAITS = "recovery_waits"
    GRANT_BY_SSO = "grant_by_sso"
    SSO_REQUIRED = "sso_required"
    SSO_UNAVAILABLE = "sso_unavailable"
    SSO_REFUSED = "sso_refused"
    SSO_ADDRESS = "sso_address"
    SSO_NO_ROLE = "sso_no_role"
    SSO_NOT_CONFIRMED = "sso_not_confirmed"


NOT_AN_ADDRESS = invalid_input("email", "This is not an e-mail address.")
NOT_A_NAME = invalid_input("name", "A name has at most 100 printable characters.")
NOT_A_LABEL = invalid_input("name", "A passkey's or session's name has 1 to 100 printable characters.")
NOT_A_SCOPE = invalid_input("scope_id", "There is no such venue, organiser, event, gate or outlet.")
NOT_AN_EXPIRY = invalid_input("expires_at", "A token expires within 366 days from now.")
NO_GRANTS = invalid_input("grants", "A token has 1 to 20 grants.")
NOT_A_DEVICE_NAME = invalid_input("name", "A device's name has 1 to 100 printable characters.")
NOT_POSTS = invalid_input(
    "posts", "Name at least one gate, gate group or outlet for this kind of device, all of one venue."
)
NOT_A_KEY = invalid_input("key", "This is not a public key of Ed25519 or P-256.")
