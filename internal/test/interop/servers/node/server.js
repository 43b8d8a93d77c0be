// An SMTP server for each port of a JSON file, which is the only argument:
// [{"port", "implicit", "variant", "cert", "key"}], "ca", the users' token and
// password. It keeps nothing of what it is sent.
const fs = require("fs");
const { SMTPServer } = require("smtp-server");

const spec = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));

// Versions of TLS that are not the usual ones.
const versions = {
  "tls1.1-at-most": { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" },
  "tls1.2-at-most": { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" },
};

function refusal(code, text) {
  return Object.assign(new Error(text), { responseCode: code });
}

function authenticate(auth, session, done) {
  const known = auth.username === spec.user;
  if (auth.method === "XOAUTH2" ? known && auth.accessToken === spec.token
    : known && (auth.password === spec.secret || (auth.validatePassword && auth.validatePassword(spec.secret)))) {
    return done(null, { user: auth.username });
  }
  done(refusal(535, "wrong"));
}

function recipient(address, session, done) {
  const refused = spec.refused[address.address];
  done(refused && refusal(refused.code, refused.text));
}

// A message that is too long is read to its end before it is refused.
function message(stream, session, done) {
  stream.resume();
  stream.on("end", () => done(stream.sizeExceeded ? refusal(552, "Message is too long") : null, "taken"));
}

for (const p of spec.ports) {
  const server = new SMTPServer({
    name: "mail.test",
    secure: p.implicit,
    key: fs.readFileSync(p.key),
    cert: fs.readFileSync(p.cert),
    ca: fs.readFileSync(spec.ca),
    requestCert: p.variant === "client-certificate",
    rejectUnauthorized: p.variant === "client-certificate",
    ...versions[p.variant],
    hideSTARTTLS: p.variant === "no-tls-offered",
    disabledCommands: p.variant === "no-tls-offered" ? ["STARTTLS"] : [],
    authMethods: ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"],
    size: spec.max,
    disableReverseLookup: true,
    onAuth: authenticate,
    onRcptTo: recipient,
    onData: message,
  });
  server.on("error", () => {}); // a client's, who will hear of it himself
  server.listen(p.port, "127.0.0.1");
}
