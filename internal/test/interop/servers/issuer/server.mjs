// An authorization server: oidc-provider, as a JSON file says, which is the first argument.
// The second is the directory with its modules. A person who types a name into its pages is
// that user.
import fs from "node:fs";
import https from "node:https";
import path from "node:path";
import { pathToFileURL } from "node:url";

const spec = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const main = path.join(process.argv[3], "oidc-provider", "lib", "index.js");
const { Provider } = await import(pathToFileURL(main));

const native = {
  token_endpoint_auth_method: "none",
  application_type: "native",
  grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
  redirect_uris: ["http://127.0.0.1/signed-in", "http://[::1]/"],
  response_types: ["code"],
};
const day = 86400;

const provider = new Provider(spec.issuer, {
  clients: [
    { ...native, client_id: "opaque" },
    { ...native, client_id: "jwt" },
    { ...native, client_id: "jwt-short" },
    { client_id: spec.introspector, client_secret: spec.secret, grant_types: [], redirect_uris: [], response_types: [] },
  ],
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  jwks: { keys: [spec.key] },
  cookies: { keys: [spec.secret] },
  claims: { openid: ["sub"], email: ["email"] },
  conformIdTokenClaims: false,
  // Dovecot 2.3 takes no other type of JWT.
  formats: { customizers: { jwt: (_, __, token) => { token.header = { typ: "JWT" }; } } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: id }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: {
    AccessToken: (_, token, client) => (client.clientId.endsWith("-short") ? spec.short : 3600),
    AuthorizationCode: 60, DeviceCode: 600, IdToken: 600, Interaction: 600,
    Grant: day, RefreshToken: day, Session: day,
  },
  features: {
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "https://mail.test",
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource, client) => ({
        scope: "mail",
        audience: resource,
        accessTokenFormat: client.clientId.startsWith("jwt") ? "jwt" : "opaque",
        jwt: { sign: { alg: "ES256" } },
      }),
    },
  },
});

provider.on("grant.success", (ctx) => console.log("granted", ctx.oidc.params.grant_type));
for (const event of ["server_error", "grant.error", "authorization.error", "introspection.error", "revocation.error"]) {
  provider.on(event, (_, error) => console.log(event, error.message, error.error_detail ?? ""));
}

// A request to /withdraw?TOKEN ends one access token. The issuer's own revocation ends the
// refresh token with it.
const handle = provider.callback();
async function serve(request, response) {
  const [at, token] = request.url.split("?");
  if (at !== "/withdraw") return handle(request, response);
  const found = await provider.AccessToken.find(token);
  await found?.destroy();
  response.writeHead(found ? 200 : 404).end();
}

https
  .createServer({ cert: fs.readFileSync(spec.cert), key: fs.readFileSync(spec.certKey) }, serve)
  .listen(spec.port, "127.0.0.1");
