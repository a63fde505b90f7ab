"""The JSON forms of WebAuthn Level 3 (5.1.10): what a browser is asked with, and what it answers."""

from msgspec import Struct, field


class RpEntity(Struct, frozen=True):
    """Who asks, as the authenticator stores it."""

    id: str
    name: str


class UserEntity(Struct, frozen=True, rename="camel"):
    """Whose passkey it is. `id` is the handle in base64url."""

    id: str
    name: str
    display_name: str


class CredentialParameters(Struct, frozen=True):
    """An accepted algorithm (COSE)."""

    alg: int
    type: str = "public-key"


class CredentialDescriptor(Struct, frozen=True):
    """A passkey that exists. `id` is base64url."""

    id: str
    transports: list[str]
    type: str = "public-key"


class AuthenticatorSelection(Struct, frozen=True, rename="camel"):
    """A discoverable passkey that verifies its user."""

    resident_key: str = "required"
    require_resident_key: bool = True
    user_verification: str = "required"


class CreationOptions(Struct, frozen=True, rename="camel"):
    """PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3, 5.1.10)."""

    rp: RpEntity
    user: UserEntity
    challenge: str
    pub_key_cred_params: list[CredentialParameters]
    exclude_credentials: list[CredentialDescriptor]
    timeout: int
    authenticator_selection: AuthenticatorSelection = AuthenticatorSelection()
    attestation: str = "none"


class RequestOptions(Struct, frozen=True, rename="camel"):
    """PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3, 5.1.10)."""

    challenge: str
    rp_id: str
    allow_credentials: list[CredentialDescriptor]
    timeout: int
    user_verification: str = "required"


class AttestationJson(Struct, frozen=True, rename="camel"):
    """The response of a RegistrationResponseJSON; texts are base64url."""

    client_data_json: str = field(name="clientDataJSON")
    attestation_object: str
    transports: list[str] = []


class RegistrationJson(Struct, frozen=True, rename="camel"):
    """RegistrationResponseJSON, what `PublicKeyCredential.toJSON` returns for a new passkey."""

    raw_id: str
    response: AttestationJson


class AssertionResponseJson(Struct, frozen=True, rename="camel"):
    """The response of an AuthenticationResponseJSON; texts are base64url."""

    client_data_json: str = field(name="clientDataJSON")
    authenticator_data: str
    signature: str
    user_handle: str | None = None


class AssertionJson(Struct, frozen=True, rename="camel"):
    """AuthenticationResponseJSON, what `PublicKeyCredential.toJSON` returns for a signature."""

    raw_id: str
    response: AssertionResponseJson
