// An OpenID provider on this machine (oidc-provider, certified), for tests: `node server.mjs <settings as JSON>`.
// Its accounts are those of the last PUT /accounts; any password signs in.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const { issuer, port, client, secret, site, jwks } = JSON.parse(process.argv[2]);
let accounts = {};

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      redirect_uris: [`${site}/api/sign-in/sso/callback`],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      backchannel_logout_uri: `${site}/api/sign-in/sso/logout`,
      backchannel_logout_session_required: true,
    },
  ],
  jwks,
  cookies: { keys: [secret] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "locale", "groups"] },
  findAccount: (_, sub) => accounts[sub] && { accountId: sub, claims: () => ({ sub, ...accounts[sub] }) },
  features: { backchannelLogout: { enabled: true } },
  // A provider of a company consents for its people: no one is asked for offline_access.
  issueRefreshToken: async (_, known) => known.grantTypeAllowed("refresh_token"),
  expiresWithSession: async () => false,
  // Virage is on this machine too, where the provider would send no logout token.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  pkce: { required: () => true },
});
for (const event of ["server_error", "backchannel.error"]) provider.on(event, (_, error) => console.error(error));
const answer = provider.callback();

const server = createServer((request, response) => {
  if (request.method !== "PUT" || request.url !== "/accounts") return answer(request, response);
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    accounts = JSON.parse(body);
    response.writeHead(204).end();
  });
});
server.listen(port, "127.0.0.1", () => console.log("ready"));
