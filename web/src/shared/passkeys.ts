/**
 * Passkeys (WebAuthn). The oldest browsers lack the built-in conversion of options and answers to JSON, so both are
 * converted here. A browser has one open question at a time: a new one ends the one that waits in an address field.
 */
import { answered, type Answer, type Problem } from "./api/answer";
import { api } from "./api/client";
import type { components } from "./api/schema";
import type { Me } from "./api/words";
import { i18n } from "./i18n/i18n.svelte";
import { passkeysWork } from "./passkeyOffer.svelte";
import { base64url, fromBase64 } from "./passes/base64";

type Schemas = components["schemas"];
type Descriptor = Schemas["CredentialDescriptor"];
/** `null`: the person did not want to, or the browser was asked something else meanwhile. */
export type Tried<T> = Answer<T> | null;

/** What newer browsers have besides. */
interface Newer {
  /** Without it passkeys are offered by the button alone. */
  isConditionalMediationAvailable?(): Promise<boolean>;
  /** Without it a browser goes on offering a passkey that was removed. */
  signalUnknownCredential?(options: { rpId: string; credentialId: string }): Promise<void>;
}
const newer = globalThis.PublicKeyCredential as Newer | undefined;

/** Challenges last 5 minutes; a question that waits in an address field gets a new one in time. */
const RENEWED_MS = 4 * 60_000;

/** What an authenticator's error means. */
async function failed(error: unknown): Promise<Tried<never>> {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return null;
  const code = name === "InvalidStateError" ? "passkey_taken" : name === "SecurityError" ? "passkeys_unavailable" : "passkey_invalid";
  await i18n.prepare(code);
  return { ok: false, problem: { code, status: 0, data: {}, retryAfter: null } };
}

const text = (buffer: ArrayBuffer | null): string => (buffer ? base64url(new Uint8Array(buffer)) : "");
const named = (known: readonly Descriptor[]): PublicKeyCredentialDescriptor[] =>
  known.map(({ id, transports }) => ({ type: "public-key", id: fromBase64(id), transports: transports as AuthenticatorTransport[] }));

let open: AbortController | null = null;

function begin(): AbortSignal {
  open?.abort();
  open = new AbortController();
  return open.signal;
}

async function signature(options: Schemas["RequestOptions"], signal: AbortSignal, mediation?: CredentialMediationRequirement): Promise<Schemas["AssertionJson"]> {
  const credential = (await navigator.credentials.get({
    mediation,
    signal,
    publicKey: {
      challenge: fromBase64(options.challenge),
      rpId: options.rpId,
      allowCredentials: named(options.allowCredentials),
      timeout: options.timeout,
      userVerification: "required",
    },
  })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    rawId: text(credential.rawId),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

async function signIn(signal: AbortSignal, mediation?: CredentialMediationRequirement): Promise<Tried<Me>> {
  const options = await answered<Schemas["RequestOptions"]>(api.POST("/api/sign-in/passkey/options"));
  if (!options.ok) return options;
  try {
    const credential = await signature(options.data, signal, mediation);
    const answer = await answered<Me>(api.POST("/api/sign-in/passkey", { body: { credential } }));
    // The browser then stops offering a passkey that was removed here.
    if (!answer.ok && answer.problem.code === "passkey_unknown")
      void newer?.signalUnknownCredential?.({ rpId: options.data.rpId, credentialId: credential.rawId });
    return answer;
  } catch (error) {
    return mediation ? null : failed(error); // nobody has asked for what the address field offers
  }
}

/** Sign in by a passkey that the person chooses. */
export const signInByPasskey = (): Promise<Tried<Me>> => signIn(begin());

/** Offer passkeys in the page's address field until one signs in; the result ends the offer. */
export function offerInField(done: (me: Me) => void, refused: (problem: Problem) => void): () => void {
  let ended = false;
  const run = async (): Promise<void> => {
    if (!passkeysWork() || !(await newer?.isConditionalMediationAvailable?.())) return;
    while (!ended) {
      const signal = begin();
      const mine = open!;
      const renewal = setTimeout(() => mine.abort(), RENEWED_MS);
      const answer = await signIn(signal, "conditional" as CredentialMediationRequirement);
      clearTimeout(renewal);
      if (ended || open !== mine) return;
      if (answer?.ok) return done(answer.data);
      if (answer) {
        if (answer.problem.code === "offline" || answer.problem.status === 503) return;
        return refused(answer.problem);
      }
      if (!signal.aborted) return; // the browser itself ended it
    }
  };
  void run();
  return () => {
    ended = true;
    open?.abort();
  };
}

/** Confirm by a passkey of the person who is signed in. */
export async function confirmByPasskey(): Promise<Tried<Me>> {
  const signal = begin();
  const options = await answered<Schemas["RequestOptions"]>(api.POST("/api/me/confirmation/options"));
  if (!options.ok) return options;
  try {
    const credential = await signature(options.data, signal);
    return await answered<Me>(api.POST("/api/me/confirmation", { body: { credential } }));
  } catch (error) {
    return failed(error);
  }
}

/** Make a passkey of the person who is signed in. */
export async function addPasskey(): Promise<Tried<Schemas["PasskeyView"]>> {
  const signal = begin();
  const options = await answered<Schemas["CreationOptions"]>(api.POST("/api/me/passkeys/options"));
  if (!options.ok) return options;
  const { rp, user, challenge, pubKeyCredParams, excludeCredentials, timeout } = options.data;
  try {
    const made = (await navigator.credentials.create({
      signal,
      publicKey: {
        rp,
        user: { ...user, id: fromBase64(user.id) },
        challenge: fromBase64(challenge),
        pubKeyCredParams: pubKeyCredParams.map(({ alg }) => ({ type: "public-key", alg })),
        excludeCredentials: named(excludeCredentials),
        timeout,
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
      },
    })) as PublicKeyCredential;
    const response = made.response as AuthenticatorAttestationResponse;
    const credential: Schemas["RegistrationJson"] = {
      rawId: text(made.rawId),
      response: {
        clientDataJSON: text(response.clientDataJSON),
        attestationObject: text(response.attestationObject),
        transports: response.getTransports?.() ?? [],
      },
    };
    return await answered<Schemas["PasskeyView"]>(api.POST("/api/me/passkeys", { body: { credential } }));
  } catch (error) {
    return failed(error);
  }
}
